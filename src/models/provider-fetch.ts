import { type Dispatcher, fetch as undiciFetch } from 'undici'

/** As the SDK calls it. */
export type ProviderFetch = typeof globalThis.fetch

/**
 * Requests to providers over the connections of a dispatcher, which decides on the addresses. Redirects are not followed:
 * a header with a key would go along.
 */
export function providerFetch(dispatcher: Dispatcher): ProviderFetch {
  const fetch = (input: unknown, init: object | undefined) =>
    undiciFetch(input as string, { ...init, dispatcher, redirect: 'manual' })
  // The types of Node and of its package differ in details.
  return fetch as unknown as ProviderFetch
}
