/**
 * Lets web pages of other origins use the server: those that the operator has listed, no others. Cookies play no part:
 * a page authenticates with the `authorization` header like any other client.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Origins whose pages may use the server, as `parseOrigin` returns them. */
export type AllowedOrigins = ReadonlySet<string>

/** How long browsers may reuse the answer to a preflight request, in seconds. */
const preflightSeconds = 600
/** Headers of responses that pages may read besides the few that they always may. */
const exposedHeaders = 'content-disposition, www-authenticate'

/**
 * @returns the origin as browsers write it: lower case, without the default port of its scheme
 * @throws {Error} anything but the scheme, host and port of http or https
 */
export function parseOrigin(text: string): string {
  if (text.includes('*')) {
    throw new Error(`Expected one exact origin like https://app.example, got "${text}": list each origin by itself.`)
  }
  const url = URL.parse(text)
  const expected = `Expected an origin like https://app.example or http://localhost:5173, got "${text}"`
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`${expected}.`)
  const isBare = /^[^/]+\/\/[^/?#@\\\s]+$/.test(text)
  if (!isBare) throw new Error(`${expected}. Did you mean ${url.origin}?`)
  return url.origin
}

/** Whether a page of a listed origin sent the request. */
export function isOfAllowedOrigin({ headers }: IncomingMessage, allowed: AllowedOrigins): boolean {
  return headers.origin !== undefined && allowed.has(headers.origin)
}

/** Lets the page that sent the request read the response, if its origin is listed. */
export function setCorsHeaders(request: IncomingMessage, response: ServerResponse, allowed: AllowedOrigins): void {
  if (allowed.size === 0) return
  // A cache must not give one origin the response to another.
  response.setHeader('vary', 'origin')
  if (!isOfAllowedOrigin(request, allowed)) return
  response.setHeader('access-control-allow-origin', String(request.headers.origin))
  response.setHeader('access-control-expose-headers', exposedHeaders)
}

/** Whether a browser asks what a page of a listed origin may send. */
export function isPreflight(request: IncomingMessage, allowed: AllowedOrigins): boolean {
  const { method, headers } = request
  return method === 'OPTIONS' && 'access-control-request-method' in headers && isOfAllowedOrigin(request, allowed)
}

/** Answers a preflight request: a listed origin may send any header. */
export function respondPreflight(request: IncomingMessage, response: ServerResponse, methods: readonly string[]): void {
  const headers = request.headers['access-control-request-headers']
  response.writeHead(204, {
    'access-control-allow-methods': methods.join(', '),
    ...(headers !== undefined && { 'access-control-allow-headers': headers }),
    'access-control-max-age': String(preflightSeconds),
  })
  response.end()
}
