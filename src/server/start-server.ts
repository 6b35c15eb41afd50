/** The HTTP and WebSocket server. It starts and stops only itself, not the services. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { openRequestDatabase } from '../db/client.ts'
import type { Listener } from '../db/listener.ts'
import type { Clock } from '../domain/clock.ts'
import type { Services } from '../engine/services.ts'
import type { ComparisonFeeds } from '../feed/comparison-feed.ts'
import type { RunFeeds } from '../feed/run-feed.ts'
import { RunItemTexts } from '../feed/run-item-texts.ts'
import { credentialsOfHeaders, openAuthenticator, type ReadCredentials } from './auth.ts'
import { createBrowserGuard } from './browser-guard.ts'
import { allocateYoung } from './garbage-collection.ts'
import { OperationTurns } from './limits/operation-turns.ts'
import { loadPages, pagesDirectory } from './pages.ts'
import { Readiness } from './readiness.ts'
import { errorResult, isEventStream } from './respond.ts'
import { apiRoutes, createRouter } from './router.ts'
import { SessionCookies } from './session-cookie.ts'
import { statusRoutes } from './status-routes.ts'
import { createWebSockets } from './websocket.ts'
import { createGraphql } from './yoga.ts'

export interface ServerOptions {
  services: Services
  feeds: RunFeeds
  comparisons: ComparisonFeeds
  /** Notifies of created and revoked keys, and of what changes finished runs. */
  listener: Listener
  /** Address to listen on; anything but loopback needs an API key in the database. */
  host: string
  /** 0: any free port. */
  port: number
  /** The URL that clients use if it differs from the address, e.g. behind a proxy; without a trailing slash. */
  publicUrl?: string
  /** Accept requests without a key even if keys exist; only on loopback. */
  open?: boolean
  /** Other origins whose web pages may use the server, as `parseOrigin` returns them; default: none. */
  allowedOrigins?: readonly string[]
  /** Link to a trace, e.g. `https://jaeger.example/trace/{traceId}`; default: none. */
  traceUrlTemplate?: string
  /** Directory of the dashboard's built pages; default: where `npm run build:dashboard` puts them. */
  pages?: string
  /** What `/readyz` checks; default: the database only. */
  readiness?: Readiness
  /** How long a request may take to arrive, imports excepted, in milliseconds; default 60,000. */
  arrivalMs?: number
  /** Tells how old callers and answers about finished runs are; default: the system's. */
  clock?: Clock
  /** Grace period for requests in flight when the server stops, in milliseconds; default 5,000. */
  graceMs?: number
}

export interface RunningServer {
  /** Without a trailing slash: `http://127.0.0.1:4000`. */
  url: string
  /** Stops accepting connections, ends subscriptions (close code 1001), lets requests finish. Idempotent. */
  stop(): Promise<void>
}

export interface ApiServer extends RunningServer {
  /** Open subscriptions. */
  readonly subscriptions: number
}

export const connectionLimits = {
  /** How long the headers of a request may take to arrive, in milliseconds. */
  headersMs: 10_000,
  /** Open connections, in any state. */
  open: 5_000,
}

/** @throws {Error} the port is taken, or the host is not loopback and there is no API key */
export async function startServer(options: ServerOptions): Promise<ApiServer> {
  allocateYoung()
  const { services, feeds, comparisons, host, port, traceUrlTemplate = null } = options
  const { arrivalMs = 60_000, graceMs = 5_000 } = options
  const readiness = options.readiness ?? new Readiness(services)
  const publicHost = options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname]
  const { db, log } = services
  const hosts = [host, ...publicHost]
  const pages = await loadPages(options.pages ?? pagesDirectory)
  const { listener, open, clock } = options
  const authenticator = await openAuthenticator({ db, log, listener, hosts, open, clock })
  const { changes } = authenticator

  const headersMs = Math.min(arrivalMs, connectionLimits.headersMs)
  const http = createServer({
    headersTimeout: headersMs,
    connectionsCheckingInterval: headersMs / 4,
    // Imports have no time limit; the router limits other requests.
    requestTimeout: 0,
    // Some clients offer an upgrade to HTTP/2 with every request; they accept HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  })
  http.maxConnections = connectionLimits.open
  http.listen(port, host)
  await once(http, 'listening')
  const url = urlOf(http.address() as AddressInfo, host)
  const publicUrl = options.publicUrl ?? url

  const requests = openRequestDatabase(services.db, {
    onError: (err) => services.log.warn({ err }, 'The database interrupted a connection.'),
  })
  const texts = new RunItemTexts(services.db, listener, feeds.changes)
  const turns = new OperationTurns()
  const graphql = createGraphql(
    { services, feeds, comparisons, texts, publicUrl, traceUrlTemplate },
    requests,
    changes,
    turns.loopTime,
    services.log,
  )
  const allowed = new Set(options.allowedOrigins)
  const guard = createBrowserGuard(authenticator, publicUrl, allowed)
  const cookies = new SessionCookies(publicUrl)
  const credentialsOf: ReadCredentials = (request, given) => {
    const ofHeaders = credentialsOfHeaders(request)
    const authorization = given ?? ofHeaders.authorization
    const session = authorization === undefined ? cookies.read(request) : undefined
    return { ...ofHeaders, authorization, session }
  }
  const webSockets = createWebSockets(graphql, authenticator, credentialsOf, turns, services.log)
  const route = createRouter(
    [
      ...apiRoutes({
        services: { ...services, db: requests },
        graphql,
        changes,
        authenticator,
        credentialsOf,
        cookies,
        turns,
      }),
      ...statusRoutes({ metrics: services.metrics, readiness, authenticator, credentialsOf }),
    ],
    pages,
    { guard, allowed },
    services,
    arrivalMs,
  )

  const responses = new Set<ServerResponse>()
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    responses.add(response)
    response.once('close', () => {
      responses.delete(response)
      if (!http.listening) http.closeIdleConnections()
    })
    void route(request, response)
  })
  http.on('upgrade', (request, socket, head) => {
    const refused =
      request.url?.split('?')[0] === '/graphql' ? guard(request) : 'There is no WebSocket here; it is at /graphql.'
    if (refused === null) webSockets.upgrade(request, socket, head)
    else refuseUpgrade(socket, refused)
  })

  const stop = async () => {
    const closed = once(http, 'close')
    http.close()
    // Subscriptions over SSE would never end by themselves.
    for (const response of responses) if (isEventStream(response)) response.destroy()
    const late = setTimeout(() => {
      webSockets.terminate()
      http.closeAllConnections()
    }, graceMs)
    await Promise.all([webSockets.stop(), closed])
    clearTimeout(late)
    await requests.close()
    authenticator.stop()
    texts.stop()
  }
  let stopping: Promise<void> | null = null
  return {
    url,
    get subscriptions() {
      return graphql.subscriptions.open
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

function refuseUpgrade(socket: Duplex, why: string): void {
  // Node no longer handles this socket: a reset must not crash the process, and a client must not keep it open.
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  const head = 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8'
  socket.end(`${head}\r\n\r\n${JSON.stringify(errorResult(403, why))}\n`)
}

/** The URL of a listening server, as seen from this machine, without a trailing slash. */
export function urlOf({ port }: AddressInfo, host: string): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
