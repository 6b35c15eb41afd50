/**
 * Protects the server from web pages of other origins. An open server trusts every client that can connect, which
 * includes the user's browser: a page of another origin may send simple requests and open WebSockets, and with DNS
 * rebinding its own name can resolve to 127.0.0.1. What else a request with a session must have: session-cookie.ts.
 */
import type { IncomingMessage } from 'node:http'
import { type Authenticator, isLoopback } from './auth.ts'
import { type AllowedOrigins, isOfAllowedOrigin } from './cors.ts'

/** Returns the reason for refusing a request, or null. */
export type BrowserGuard = (request: IncomingMessage) => string | null

/**
 * @param access while no key is required, only local host names are accepted
 * @param publicUrl the URL that clients use, perhaps that of a proxy
 * @param allowed other origins whose pages are accepted
 */
export function createBrowserGuard(
  access: Pick<Authenticator, 'open'>,
  publicUrl: string,
  allowed: AllowedOrigins,
): BrowserGuard {
  const publicOrigin = new URL(publicUrl)
  return (request) => {
    const { headers, method } = request
    const host = headers.host ?? ''
    if (host !== '' && !URL.canParse(`http://${host}`)) return `Expected a Host with a name and a port, got "${host}".`
    if (access.open && host !== publicOrigin.host && !isLoopback(hostName(host))) {
      return `Expected a Host of this machine, such as ${publicOrigin.host}, got "${host}". A server without API keys answers to no other name.`
    }
    const { origin } = headers
    if (origin === undefined || method === 'HEAD' || isOfAllowedOrigin(request, allowed)) return null
    if (isOwnOrigin(origin, host, publicOrigin)) return null
    return `Requests of web pages from ${origin} are not accepted here: the page must come from this server, or from an origin listed with --allow-origin.`
  }
}

/** Whether an `Origin` is that of this server's own pages. */
export function isOwnOrigin(origin: string, host: string, publicOrigin: URL): boolean {
  if (!URL.canParse(origin)) return false
  const from = new URL(origin)
  return from.origin === URL.parse(`http://${host}`)?.origin || from.origin === publicOrigin.origin
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '')
}
