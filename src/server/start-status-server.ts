/** The status server of a worker process: `/healthz`, `/readyz` and `/metrics`. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Listener } from '../db/listener.ts'
import type { Services } from '../engine/services.ts'
import { credentialsOfHeaders, openAuthenticator } from './auth.ts'
import { createBrowserGuard } from './browser-guard.ts'
import type { Readiness } from './readiness.ts'
import { createRouter } from './router.ts'
import { connectionLimits, type RunningServer, urlOf } from './start-server.ts'
import { statusRoutes } from './status-routes.ts'

interface StatusServerOptions {
  services: Services
  readiness: Readiness
  listener: Listener
  /** Address to listen on; anything but loopback needs an API key in the database. */
  host: string
  /** 0: any free port. */
  port: number
}

/** @throws {Error} the port is taken, or the host is not loopback and there is no API key */
export async function startStatusServer({
  services,
  readiness,
  listener,
  host,
  port,
}: StatusServerOptions): Promise<RunningServer> {
  const authenticator = await openAuthenticator({ db: services.db, log: services.log, listener, hosts: [host] })
  const { headersMs } = connectionLimits
  const http = createServer({ headersTimeout: headersMs, connectionsCheckingInterval: headersMs / 4 })
  http.listen(port, host)
  await once(http, 'listening')
  const url = urlOf(http.address() as AddressInfo, host)
  const routes = statusRoutes({
    metrics: services.metrics,
    readiness,
    authenticator,
    credentialsOf: credentialsOfHeaders,
  })
  const allowed = new Set<string>()
  const guard = createBrowserGuard(authenticator, url, allowed)
  const route = createRouter(routes, null, { guard, allowed }, services, 10_000)
  http.on('request', (request, response) => void route(request, response))
  let stopping: Promise<unknown> | null = null
  return {
    url,
    async stop() {
      stopping ??= once(http.close(), 'close')
      http.closeAllConnections()
      await stopping
      authenticator.stop()
    },
  }
}
