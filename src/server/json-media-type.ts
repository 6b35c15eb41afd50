const mediaTypes = ['application/graphql-response+json', 'application/json'] as const

/** The media type of an answer, by the `Accept` header; null where the client takes no JSON. */
export function jsonMediaTypeFor(accept = '*/*'): (typeof mediaTypes)[number] | null {
  return (
    mediaTypes.find((type) => accept.includes(type)) ?? (/(\*|application)\/\*/.test(accept) ? mediaTypes[1] : null)
  )
}

/** Whether the client takes server-sent events, by the `Accept` header. */
export function takesEvents(accept = '*/*'): boolean {
  return /text\/event-stream|(\*|text)\/\*/i.test(accept)
}
