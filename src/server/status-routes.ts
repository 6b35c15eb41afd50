import { requireInstallation } from '../domain/scope.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Authenticator, ReadCredentials } from './auth.ts'
import type { Readiness } from './readiness.ts'
import { respondJson } from './respond.ts'
import type { Route } from './router.ts'

interface StatusOptions {
  metrics: Metrics
  readiness: Readiness
  authenticator: Authenticator
  credentialsOf: ReadCredentials
}

/**
 * Health, readiness and metrics. Only the metrics need a key, one of the installation, because they name the endpoints
 * and operations of all projects.
 */
export function statusRoutes({ metrics, readiness, authenticator, credentialsOf }: StatusOptions): Route[] {
  return [
    {
      name: '/healthz',
      path: /^\/healthz$/,
      methods: ['GET'],
      handle: (_request, response) => respondJson(response, 200, { status: 'ok' }),
    },
    {
      name: '/readyz',
      path: /^\/readyz$/,
      methods: ['GET'],
      async handle(_request, response) {
        const report = await readiness.report()
        respondJson(response, report.status === 'ready' ? 200 : 503, report)
      },
    },
    {
      name: '/metrics',
      path: /^\/metrics$/,
      methods: ['GET'],
      async handle(request, response) {
        const { scope } = await authenticator.authenticate(credentialsOf(request))
        requireInstallation(scope)
        const text = await metrics.text()
        response.writeHead(200, {
          'content-type': metrics.registry.contentType,
          'content-length': Buffer.byteLength(text),
        })
        response.end(text)
      },
    },
  ]
}
