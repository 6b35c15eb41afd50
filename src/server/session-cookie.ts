/**
 * The cookie that holds a session's token. Browsers send it with every request to this host, so it counts only for what
 * a page of this server itself has sent. SameSite does not suffice: another port of the same host is the same site.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ForbiddenError } from '../domain/errors.ts'
import { maxSessionSeconds } from '../engine/projects/sessions.ts'
import { isLoopback } from './auth.ts'
import { isOwnOrigin } from './browser-guard.ts'
import { isPreflighted } from './request-body.ts'

/** Marks a request that uses the session; no page of another origin may send it without being allowed to. */
export const sessionHeader = 'x-assay-session'

export class SessionCookies {
  readonly #publicUrl: URL
  /** A page that came over an encrypted connection must not give its session to one that did not. */
  readonly #secure: boolean

  /** @param publicUrl the URL that clients use */
  constructor(publicUrl: string) {
    this.#publicUrl = new URL(publicUrl)
    this.#secure = this.#publicUrl.protocol === 'https:'
  }

  /**
   * The token that came with a request; undefined if there is none, or if a page of another origin sent it.
   * @throws {ForbiddenError} a request that may change something does not show that a page of this server sent it
   */
  read(request: IncomingMessage): string | undefined {
    const { headers, method } = request
    const token = cookieIn(headers.cookie, this.#name(request))
    if (token === undefined) return undefined
    if (headers.origin !== undefined && !this.#isOwn(request)) return undefined
    // Absent in old browsers and over plain HTTP; `none` is an address that the user has typed.
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return undefined
    const isSafe = (method === 'GET' || method === 'HEAD') && headers.upgrade === undefined
    if (!isSafe) this.expectOwnPage(request)
    return token
  }

  /**
   * @throws {ForbiddenError} the request does not show that a page of this server sent it, or the page came over an
   * unencrypted connection although there is an encrypted one
   */
  expectOwnPage(request: IncomingMessage): void {
    const { headers } = request
    if (!this.#isOwn(request)) {
      throw new ForbiddenError(
        'Expected the Origin of a page of this server: sessions are for its pages. Other clients send `Authorization: Bearer <key>`.',
        ['origin'],
      )
    }
    const from = URL.parse(headers.origin ?? '')
    if (this.#secure && from?.protocol !== 'https:' && !isLoopback(from?.hostname ?? '')) {
      throw new ForbiddenError(
        `Expected a page of ${this.#publicUrl.origin}, got one of ${headers.origin}: sign in there.`,
        ['origin'],
      )
    }
    // Browsers ask before they send any other method for a page of another origin.
    const isMarked =
      headers.upgrade !== undefined ||
      request.method !== 'POST' ||
      sessionHeader in headers ||
      isPreflighted(headers['content-type'])
    if (!isMarked) {
      throw new ForbiddenError(
        `Expected content-type: application/json or the header ${sessionHeader} in a request with a session.`,
        [sessionHeader],
      )
    }
  }

  set(request: IncomingMessage, response: ServerResponse, token: string): void {
    this.#write(request, response, token, maxSessionSeconds)
  }

  clear(request: IncomingMessage, response: ServerResponse): void {
    this.#write(request, response, '', 0)
  }

  #write(request: IncomingMessage, response: ServerResponse, value: string, maxAge: number): void {
    const secure = this.#secure ? '; Secure' : ''
    response.appendHeader(
      'set-cookie',
      `${this.#name(request)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`,
    )
  }

  /** With the port, because a host's cookies are the same on all of its ports, each of which may be another server. */
  #name({ headers }: IncomingMessage): string {
    if (this.#secure) return `__Host-assay_session_${this.#publicUrl.port || 443}`
    return `assay_session_${URL.parse(`http://${headers.host}`)?.port || 80}`
  }

  #isOwn({ headers: { origin, host = '' } }: IncomingMessage): boolean {
    return origin !== undefined && isOwnOrigin(origin, host, this.#publicUrl)
  }
}

function cookieIn(cookies: string | undefined, name: string): string | undefined {
  const found = cookies?.split(';').find((cookie) => cookie.trimStart().startsWith(`${name}=`))
  return found?.trim().slice(name.length + 1) || undefined
}
