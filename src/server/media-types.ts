/** Which media type an answer gets, by the `Accept` header; without one, any. */

import { excerptOf } from '../domain/excerpt.ts'

type Accept = string | null | undefined

const json: readonly string[] = ['application/graphql-response+json', 'application/json']
const events = 'text/event-stream'

/** The JSON that the client names first; null where it takes none. */
export function jsonMediaTypeFor(accept: Accept): string | null {
  for (const type of acceptedTypes(accept)) {
    if (json.includes(type)) return type
    if (type === '*/*' || type === 'application/*') return 'application/json'
  }
  return null
}

/** Whether the client takes server-sent events. */
export function takesEvents(accept: Accept): boolean {
  return acceptedTypes(accept).some((type) => type === events || type === '*/*' || type === 'text/*')
}

/** What to tell a client that takes nothing that is served. */
export function refusalOf(accept: Accept): string {
  const served = `${json.join(' or ')}, or for a subscription ${events} (which is served over WebSocket, too: graphql-transport-ws)`
  return `Expected an accept header with ${served}; got ${excerptOf(accept ?? '')}.`
}

function acceptedTypes(accept: Accept): string[] {
  return (accept || '*/*').split(',').map((type) => (type.split(';')[0] ?? '').trim().toLowerCase())
}
