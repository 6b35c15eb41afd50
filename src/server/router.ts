/** Routes requests to handlers and applies what all responses share. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { explainRefusal } from '../db/explain-refusal.ts'
import { InvalidInputError, UserError } from '../domain/errors.ts'
import type { Services } from '../engine/services.ts'
import { respondAttachment, respondUpload } from './attachment.ts'
import { AuthenticationError, type Authenticator, type ReadCredentials } from './auth.ts'
import type { BrowserGuard } from './browser-guard.ts'
import type { ChangeWatch } from './change-watch.ts'
import { clientGone } from './client-gone.ts'
import { type AllowedOrigins, isPreflight, respondPreflight, setCorsHeaders } from './cors.ts'
import { respondExport } from './export.ts'
import { isGraphiqlRequest, respondGraphiql, respondGraphiqlAsset } from './graphiql.ts'
import { respondImport } from './import.ts'
import { loopTimeLimits } from './limits/loop-time.ts'
import type { OperationTurns } from './limits/operation-turns.ts'
import { jsonMediaTypeFor, refusalOf, takesEvents } from './media-types.ts'
import { respondOutput } from './output.ts'
import type { Pages } from './pages.ts'
import { expectExactNumbers, isTooDeep, tooDeep } from './read-request.ts'
import { BodyTooLargeError, drainBody, expectUtf8, isPreflighted, keepBody, readBody } from './request-body.ts'
import { isEventStream, respondError } from './respond.ts'
import type { Revocation } from './revocation.ts'
import { createSessionHandler, sessionMethods } from './session.ts'
import type { SessionCookies } from './session-cookie.ts'
import { errorBody } from './user-error.ts'
import type { Graphql } from './yoga.ts'

const maxGraphqlBodyBytes = 4 * 1024 * 1024
/** Bytes of an unwanted body that are discarded before the connection is closed. */
const maxDrainedBytes = 64 * 1024 * 1024
/** How long a request may still take to respond once its key is revoked. */
const answeringMs = 3_000

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

interface ApiOptions {
  /** With the request database. */
  services: Services
  graphql: Graphql
  /** Is told of imports, uploads and changes of sessions; mutations tell it themselves. */
  changes: ChangeWatch
  authenticator: Authenticator
  credentialsOf: ReadCredentials
  cookies: SessionCookies
  turns: OperationTurns
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

export interface Route {
  /** Label in metrics. */
  name: string
  path: RegExp
  methods: readonly string[]
  /** No time limit for the body; `handle` disconnects idle clients. */
  longBody?: true
  handle: Handler
}

/** GraphQL with GraphiQL, imports, exports, attachments, whole outputs, and sessions. */
export function apiRoutes(options: ApiOptions): Route[] {
  const { services, changes, authenticator, credentialsOf, turns } = options
  const { yoga, answers } = options.graphql
  return [
    { name: '/graphql', path: /^\/graphql$/, methods: ['GET', 'POST'], handle: graphql },
    { name: '/graphiql', path: /^\/graphiql\/[\w.]+$/, methods: ['GET'], handle: graphiqlAsset },
    {
      name: '/import',
      path: /^\/import\/./,
      methods: ['POST'],
      longBody: true,
      handle: asCaller(writing(respondImport)),
    },
    { name: '/export', path: /^\/export\/./, methods: ['GET'], handle: asCaller(respondExport) },
    {
      name: '/attachments',
      path: /^\/attachments$/,
      methods: ['POST'],
      longBody: true,
      handle: asCaller(writing(respondUpload)),
    },
    {
      name: '/attachments',
      path: /^\/attachments\/./,
      methods: ['GET', 'HEAD'],
      handle: asCaller(respondAttachment),
    },
    { name: '/output', path: /^\/output\/./, methods: ['GET', 'HEAD'], handle: asCaller(respondOutput) },
    {
      name: '/session',
      path: /^\/session$/,
      methods: sessionMethods,
      handle: createSessionHandler({ ...options, db: services.db }),
    },
  ]

  function writing(respond: typeof respondImport): typeof respondImport {
    return (request, response, caller) => changes.during(() => respond(request, response, caller))
  }

  function asCaller(respond: typeof respondImport): Handler {
    return async (request, response, url) => {
      const credentials = credentialsOf(request)
      // A link to a file has no headers.
      const project = credentials.project ?? url.searchParams.get('project') ?? undefined
      url.searchParams.delete('project')
      request.url = `${url.pathname}${url.search}`
      const { scope, client, revocation } = await authenticator.authenticate({ ...credentials, project })
      turns.loopTime.asked(client, loopTimeLimits.requestMs)
      const gone = whenGone(response)
      endWhenRevoked(revocation, request, response, gone)
      const { loopTime } = turns
      await respond(request, response, { services, scope, client, gone, signal: revocation.signal, loopTime })
    }
  }

  async function graphql(request: IncomingMessage, response: ServerResponse, url: URL) {
    if (isGraphiqlRequest(request)) return respondGraphiql(response)
    if (request.method === 'POST' && !isPreflighted(request.headers['content-type'])) {
      // Pages of other origins may send the other types without a preflight.
      return respondError(
        response,
        415,
        `Expected content-type: application/json, got ${request.headers['content-type'] ?? 'none'}.`,
      )
    }
    // Before anything is executed: who is refused afterwards would do it again.
    const { accept } = request.headers
    if (!jsonMediaTypeFor(accept) && !takesEvents(accept)) return respondError(response, 406, refusalOf(accept))
    const credentials = credentialsOf(request)
    const tagged = request.method === 'GET' ? answers.requestOf(request, credentials) : null
    if (tagged && answers.respondUnread(tagged, response)) return
    const runs = tagged?.kept?.runs ?? null
    const since = changes.moment()
    const { scope, client, revocation, tag } = await authenticator.authenticate(credentials, runs)
    turns.loopTime.asked(client, loopTimeLimits.requestMs)
    let query = tagged && answers.queryOf(tagged, scope)
    // It was read and checked when it came for the first time, and takes no turn from what has to be executed.
    const takesTurn = turns.loopTime.pauseOf(client) > 0
    if (!takesTurn && query && runs && (await answers.respond(query, response, { runs, tag, since }))) return
    const gone = whenGone(response)
    endWhenRevoked(revocation, request, response, gone)
    if (request.method === 'GET') {
      await turns.next(client, 0, gone)
      expectUtf8Query(request.url ?? '')
      expectExactNumbers(url.searchParams.get('variables') ?? '')
    } else {
      const body = await readBody(request, maxGraphqlBodyBytes, (bytes) => turns.loopTime.carried(client, bytes))
      query = answers.postedQueryOf(request, body, scope)
      if (!takesTurn && query && (await answers.respond(query, response, null))) return
      await turns.next(client, body.length, gone)
      if (isTooDeep(body)) throw new InvalidInputError(tooDeep, ['body'])
      keepBody(request, body, expectExactNumbers(body.toString(), ['variables']))
    }
    if (query && (await answers.respond(query, response, null))) return
    await yoga.handle(request, response, { scope, client, gone, tagged: query })
  }

  async function graphiqlAsset(request: IncomingMessage, response: ServerResponse, url: URL) {
    const found = await respondGraphiqlAsset(request, response, url.pathname.slice('/graphiql/'.length))
    if (!found) respondError(response, 404, `There is nothing at ${url.pathname}.`)
  }
}

/** Aborted when the response is complete or the client has disconnected. */
function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (response.closed) gone.abort(clientGone)
  else response.once('close', () => gone.abort(clientGone))
  return gone.signal
}

/**
 * Responds to every request; never throws.
 * @param pages respond to what no route is for; null: there are none
 * @param arrivalMs how long a request may take to arrive, in milliseconds
 */
export function createRouter(
  routes: Route[],
  pages: Pages | null,
  { guard, allowed }: { guard: BrowserGuard; allowed: AllowedOrigins },
  { metrics, log }: Pick<Services, 'metrics' | 'log'>,
  arrivalMs: number,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedAt = performance.now()
    let name = 'other'
    let route: Route | undefined
    response.once('close', () => {
      // The duration of a subscription is not a latency.
      if (isEventStream(response)) return
      const labels = { route: name, status: response.statusCode }
      metrics.requestSeconds.observe(labels, (performance.now() - startedAt) / 1_000)
    })
    const { headers } = request
    // Without a body the whole of it is here.
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    const late = hasBody
      ? setTimeout(() => {
          breakOff(request, response, 408, `Expected the whole request within ${arrivalMs / 1_000} s.`)
        }, arrivalMs)
      : undefined
    if (late) request.once('close', () => clearTimeout(late))
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    setCorsHeaders(request, response, allowed)
    try {
      const refused = guard(request)
      if (refused) return respondError(response, 403, refused)
      const url = URL.parse(request.url ?? '/', 'http://localhost')
      if (!url) return respondError(response, 400, `Expected the path of a URL, got ${request.url}.`)
      // The request target may be an absolute URL, as sent to proxies.
      request.url = `${url.pathname}${url.search}`
      route = routes.find(({ path }) => path.test(url.pathname))
      if (!route && pages?.respond(request, response, url.pathname)) {
        name = 'pages'
        return
      }
      if (!route) return respondError(response, 404, `There is nothing at ${url.pathname}. The API is at /graphql.`)
      name = route.name
      if (isPreflight(request, allowed)) return respondPreflight(request, response, route.methods)
      if (!route.methods.includes(request.method ?? '')) {
        const allow = route.methods.join(', ')
        return respondError(response, 405, `Expected ${allow}, got ${request.method}.`, { allow })
      }
      if (route.longBody) clearTimeout(late)
      await route.handle(request, response, url)
    } catch (error) {
      respondFailure(response, error, log)
    } finally {
      if (!route?.longBody) drainBody(request, maxDrainedBytes)
    }
  }
}

const close = { connection: 'close' }

/**
 * Ends the request when its key is revoked. A request that has fully arrived may still be responded to for a moment, so
 * that a key can revoke itself.
 * @param gone aborts when the response is closed
 */
function endWhenRevoked(
  revocation: Revocation,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): void {
  let late: NodeJS.Timeout | undefined
  const stop = revocation.onRevoked(({ message }) => {
    if (response.headersSent) return void response.destroy()
    breakOff(request, response, 401, message)
    late = setTimeout(() => response.destroy(), answeringMs)
  })
  const end = () => {
    stop()
    clearTimeout(late)
  }
  if (gone.aborted) end()
  else gone.addEventListener('abort', end, { once: true })
}

/** Ends a request that has not fully arrived; reading its body then fails. */
function breakOff(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (request.complete) return
  if (response.headersSent) return void request.destroy()
  response.once('finish', () => request.destroy())
  respondError(response, status, message, close)
}

function respondFailure(response: ServerResponse, thrown: unknown, log: Logger): void {
  const error = explainRefusal(thrown)
  if (response.headersSent || response.destroyed) response.destroy()
  else if (error instanceof AuthenticationError) {
    respondError(response, 401, error.message, { 'www-authenticate': 'Bearer' })
  } else if (error instanceof BodyTooLargeError) respondError(response, 413, error.message)
  else if (error instanceof UserError) respondError(response, errorBody(error).status, error.message, {}, error.path)
  else {
    const errorId = randomUUID()
    log.error({ err: error, errorId }, 'a request failed')
    respondError(response, 500, `Something went wrong on our side. The server's log has it under ${errorId}.`, close)
  }
}

/** @throws {InvalidInputError} percent-encoded bytes that are not UTF-8 */
function expectUtf8Query(url: string): void {
  // ASCII always is.
  if (!/%[89a-f]/i.test(url)) return
  const encoded = url.slice(url.indexOf('?') + 1).replaceAll('+', ' ')
  const bytes = encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  expectUtf8(Buffer.from(bytes, 'latin1'), 'the query string')
}
