const mediaTypes = ['application/graphql-response+json', 'application/json'] as const

/** The media type of an answer, by the `Accept` header; null where the client takes no JSON. */
export function jsonMediaTypeFor(accept = '*/*'): (typeof mediaTypes)[number] | null {
  return mediaTypes.find((type) => accept.includes(type)) ?? (accept.includes('*/*') ? mediaTypes[1] : null)
}
