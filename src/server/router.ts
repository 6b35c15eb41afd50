/** Which handler answers which path, and what every answer has in common. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { UserError } from '../domain/errors.ts'
import type { Services } from '../engine/services.ts'
import { AuthenticationError, type Authenticator, credentialsOf } from './auth.ts'
import type { BrowserGuard } from './browser-guard.ts'
import { respondExport } from './export.ts'
import { isGraphiqlRequest, respondGraphiql, respondGraphiqlAsset } from './graphiql.ts'
import { respondImport } from './import.ts'
import { BodyTooLargeError, limitBody } from './request-body.ts'
import { isEventStream, respondError } from './respond.ts'
import type { Revocation } from './revocation.ts'
import { statuses } from './user-error.ts'
import type { Yoga } from './yoga.ts'

const maxGraphqlBodyBytes = 4 * 1024 * 1024
const answeringMs = 3_000

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

interface ApiOptions {
  services: Services
  yoga: Yoga
  authenticator: Authenticator
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

export interface Route {
  /** In metrics. */
  name: string
  path: RegExp
  methods: readonly string[]
  /** The body may take as long as it needs; `handle` sees to idle clients. */
  longBody?: true
  handle: Handler
}

/** GraphQL, imports and exports, and what browsers want around it. */
export function apiRoutes({ services, yoga, authenticator }: ApiOptions): Route[] {
  return [
    { name: '/graphql', path: /^\/graphql$/, methods: ['GET', 'POST'], handle: graphql },
    { name: '/graphiql', path: /^\/graphiql\/[\w.]+$/, methods: ['GET'], handle: graphiqlAsset },
    { name: '/import', path: /^\/import\/./, methods: ['POST'], longBody: true, handle: asCaller(respondImport) },
    { name: '/export', path: /^\/export\/./, methods: ['GET'], handle: asCaller(respondExport) },
    { name: '/', path: /^\/$/, methods: ['GET'], handle: (_request, response) => redirect(response, '/graphql') },
    {
      name: '/runs',
      path: /^\/runs\/[\w-]+$/,
      methods: ['GET'],
      handle: (_request, response, url) => redirect(response, runPage(url)),
    },
  ]

  function asCaller(respond: typeof respondImport): Handler {
    return async (request, response) => {
      const caller = await authenticator.authenticate(credentialsOf(request))
      endWhenRevoked(caller.revocation, request, response)
      await respond(request, response, { services, scope: caller.scope, signal: caller.revocation.signal })
    }
  }

  async function graphql(request: IncomingMessage, response: ServerResponse) {
    if (isGraphiqlRequest(request)) return respondGraphiql(response)
    if (request.method === 'POST' && !isPreflighted(request.headers['content-type'])) {
      // Web pages of others may send the other types without asking first.
      return respondError(
        response,
        415,
        `Expected content-type: application/json, got ${request.headers['content-type'] ?? 'none'}.`,
      )
    }
    const caller = await authenticator.authenticate(credentialsOf(request))
    endWhenRevoked(caller.revocation, request, response)
    await limitBody(request, maxGraphqlBodyBytes)
    await yoga.handle(request, response, { scope: caller.scope })
  }

  async function graphiqlAsset(request: IncomingMessage, response: ServerResponse, url: URL) {
    const found = await respondGraphiqlAsset(request, response, url.pathname.slice('/graphiql/'.length))
    if (!found) respondError(response, 404, `There is nothing at ${url.pathname}.`)
  }
}

/**
 * Answers every request; never throws.
 * @param arrivalMs how long a request may take to arrive, in milliseconds
 */
export function createRouter(
  routes: Route[],
  guard: BrowserGuard,
  { metrics, log }: Pick<Services, 'metrics' | 'log'>,
  arrivalMs: number,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedAt = performance.now()
    let name = 'other'
    response.once('close', () => {
      // A stream lasts as long as its subscriber stays, which is no latency.
      if (isEventStream(response)) return
      const labels = { route: name, status: response.statusCode }
      metrics.requestSeconds.observe(labels, (performance.now() - startedAt) / 1_000)
    })
    const late = setTimeout(() => {
      breakOff(request, response, 408, `Expected the whole request within ${arrivalMs / 1_000} s.`)
    }, arrivalMs)
    request.once('close', () => clearTimeout(late))
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    try {
      const refused = guard(request)
      if (refused) return respondError(response, 403, refused)
      const url = URL.parse(request.url ?? '/', 'http://localhost')
      if (!url) return respondError(response, 400, `Expected the path of a URL, got ${request.url}.`)
      const route = routes.find(({ path }) => path.test(url.pathname))
      if (!route) return respondError(response, 404, `There is nothing at ${url.pathname}. The API is at /graphql.`)
      name = route.name
      if (!route.methods.includes(request.method ?? '')) {
        const allow = route.methods.join(', ')
        return respondError(response, 405, `Expected ${allow}, got ${request.method}.`, { allow })
      }
      if (route.longBody) clearTimeout(late)
      await route.handle(request, response, url)
    } catch (error) {
      respondFailure(response, error, log)
    }
  }
}

// The unread rest of a body would be taken for the next request.
const close = { connection: 'close' }

/**
 * Ends what is open for a caller whose access was revoked. What arrived before and is not answered yet has a moment to be, so
 * that a key may revoke itself.
 */
function endWhenRevoked(revocation: Revocation, request: IncomingMessage, response: ServerResponse): void {
  let late: NodeJS.Timeout | undefined
  const stop = revocation.onRevoked(({ message }) => {
    if (response.headersSent) return void response.destroy()
    breakOff(request, response, 401, message)
    late = setTimeout(() => response.destroy(), answeringMs)
  })
  response.once('close', () => {
    stop()
    clearTimeout(late)
  })
}

/** Ends a request that has not arrived; whatever waits for its body sees the connection end. */
function breakOff(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (request.complete) return
  if (response.headersSent) return void request.destroy()
  response.once('finish', () => request.destroy())
  respondError(response, status, message, close)
}

function respondFailure(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent || response.destroyed) response.destroy()
  else if (error instanceof AuthenticationError) {
    respondError(response, 401, error.message, { ...close, 'www-authenticate': 'Bearer' })
  } else if (error instanceof UserError) respondError(response, statuses[error.code], error.message, close)
  else if (error instanceof BodyTooLargeError) respondError(response, 413, error.message, close)
  else {
    const errorId = randomUUID()
    log.error({ err: error, errorId }, 'a request failed')
    respondError(response, 500, `Something went wrong on our side. The server's log has it under ${errorId}.`, close)
  }
}

/** Whether a web page of another origin would have to ask before it may send this type, which is never allowed here. */
function isPreflighted(contentType: string | undefined): boolean {
  return /^application\/(json|graphql|graphql\+json)\s*(;|$)/i.test(contentType ?? '')
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': 0 }).end()
}

/** GraphiQL with a query of the run. */
function runPage({ pathname }: URL): string {
  const id = pathname.slice('/runs/'.length)
  const query = `query Run {
  node(id: "${id}") {
    ... on Run {
      name
      status
      progress { total succeeded failed running queued etaSeconds }
      stats { latencyMs { p50 p95 } costUsd scores { name mean stderr count errorCount missingCount } }
      items(first: 20) {
        nodes { status input output expectedOutput latencyMs error { code message } scores { name value label comment } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
`
  return `/graphql?${new URLSearchParams({ query })}`
}
