import { type Dispatcher, errors, Response, fetch as undiciFetch } from 'undici'

/** As the SDK calls it. */
export type ProviderFetch = typeof globalThis.fetch

/** Of one response, with everything that a stream repeats; whoever answers cannot fill the memory of a process. */
export const maxResponseBytes = 50_000_000

/**
 * Requests to providers over the connections of a dispatcher, which decides on the addresses, and ends responses that
 * are longer than {@link maxResponseBytes}. Redirects are not followed: a header with a key would go along.
 */
export function providerFetch(dispatcher: Dispatcher): ProviderFetch {
  const fetch = async (input: unknown, init: object | undefined) => {
    const response = await undiciFetch(input as string, { ...init, dispatcher, redirect: 'manual' })
    return response.headers.has('content-encoding') && response.body ? bounded(response) : response
  }
  // The types of Node and of its package differ in details.
  return fetch as unknown as ProviderFetch
}

/** The dispatcher counts bytes before they are decompressed. */
function bounded(response: Response): Response {
  const { status, statusText, headers, body } = response
  async function* counted() {
    let bytes = 0
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > maxResponseBytes) throw new errors.ResponseExceededMaxSizeError()
      yield chunk
    }
  }
  return new Response(counted(), { status, statusText, headers })
}
