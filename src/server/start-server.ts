/** The HTTP and WebSocket server in front of an engine. It starts and stops nothing but itself. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { openRequestDatabase } from '../db/client.ts'
import type { Listener } from '../db/listener.ts'
import type { Services } from '../engine/services.ts'
import type { ComparisonFeeds } from '../feed/comparison-feed.ts'
import type { RunFeeds } from '../feed/run-feed.ts'
import { openAuthenticator } from './auth.ts'
import { createBrowserGuard } from './browser-guard.ts'
import { OperationTurns } from './limits/operation-turns.ts'
import { Readiness } from './readiness.ts'
import { isEventStream } from './respond.ts'
import { apiRoutes, createRouter } from './router.ts'
import { statusRoutes } from './status-routes.ts'
import { createWebSockets } from './websocket.ts'
import { createGraphql } from './yoga.ts'

export interface ServerOptions {
  services: Services
  feeds: RunFeeds
  comparisons: ComparisonFeeds
  /** Tells of keys that were revoked. */
  listener: Listener
  /** Address to listen on; anything but loopback needs an API key in the database. */
  host: string
  /** 0 takes any free port. */
  port: number
  /** Where people reach this server when that is not where it listens, e.g. behind a proxy; without a trailing slash. */
  publicUrl?: string
  /** Whether to need no keys although there are or were some; only on loopback. */
  open?: boolean
  /** Where traces can be looked at, e.g. `https://jaeger.example/trace/{traceId}`; default: nowhere. */
  traceUrlTemplate?: string
  /** What `/readyz` asks; default: the database only. */
  readiness?: Readiness
  /** How long a request may take to arrive, imports excepted, in milliseconds; default 60,000. */
  arrivalMs?: number
  /** How long clients may take to end what is in flight when the server stops, in milliseconds; default 5,000. */
  graceMs?: number
}

export interface RunningServer {
  /** Without a trailing slash: `http://127.0.0.1:4000`. */
  url: string
  /** Accepts nothing new, ends subscriptions (WebSocket close code 1001), lets requests finish. Idempotent. */
  stop(): Promise<void>
}

/** How long the head of a request may take to arrive, in milliseconds. */
export const headersMs = 10_000
/** Connections at once, in whatever state. */
const maxConnections = 5_000

/** @throws {Error} when the port is taken, or the host is not loopback and there is no API key. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { services, feeds, comparisons, host, port, traceUrlTemplate = null } = options
  const { arrivalMs = 60_000, graceMs = 5_000 } = options
  const readiness = options.readiness ?? new Readiness(services)
  const publicHost = options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname]
  const { db, log } = services
  const hosts = [host, ...publicHost]
  const authenticator = await openAuthenticator({ db, log, listener: options.listener, hosts, open: options.open })

  const http = createServer({
    headersTimeout: Math.min(arrivalMs, headersMs),
    connectionsCheckingInterval: Math.min(arrivalMs, headersMs) / 4,
    // An import may take longer than any limit; the router limits the other bodies.
    requestTimeout: 0,
    // Some clients offer HTTP/2 with every request; they are content with HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  })
  http.maxConnections = maxConnections
  http.listen(port, host)
  await once(http, 'listening')
  const url = urlOf(http.address() as AddressInfo, host)
  const publicUrl = options.publicUrl ?? url

  const requests = openRequestDatabase(services.db, {
    onError: (err) => services.log.warn({ err }, 'The database interrupted a connection.'),
  })
  const yoga = createGraphql({ services, feeds, comparisons, publicUrl, traceUrlTemplate }, requests, services.log)
  const guard = createBrowserGuard(authenticator, publicUrl)
  const turns = new OperationTurns()
  const webSockets = createWebSockets(yoga, authenticator, turns, services.log)
  const route = createRouter(
    [
      ...apiRoutes({ services: { ...services, db: requests }, yoga, authenticator, turns }),
      ...statusRoutes({ metrics: services.metrics, readiness, authenticator }),
    ],
    guard,
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
    // Subscriptions over HTTP would never end by themselves.
    for (const response of responses) if (isEventStream(response)) response.destroy()
    const late = setTimeout(() => {
      webSockets.terminate()
      http.closeAllConnections()
    }, graceMs)
    await Promise.all([webSockets.stop(), closed])
    clearTimeout(late)
    await requests.close()
    authenticator.stop()
  }
  let stopping: Promise<void> | null = null
  return {
    url,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

function refuseUpgrade(socket: Duplex, why: string): void {
  // Node has let go of this socket: a client that resets it must not end the process, and one that keeps it not stay.
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n${why}\n`)
}

/** Where a server that listens can be reached from this machine, without a trailing slash. */
export function urlOf({ port }: AddressInfo, host: string): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
