import type { Metrics } from '../telemetry/metrics.ts'
import type { Authenticator } from './auth.ts'
import type { Readiness } from './readiness.ts'
import { respondJson } from './respond.ts'
import type { Route } from './router.ts'

interface StatusOptions {
  metrics: Metrics
  readiness: Readiness
  authenticator: Authenticator
}

/** What those who operate a process ask it. Only the metrics, which name users' endpoints and operations, need a key. */
export function statusRoutes({ metrics, readiness, authenticator }: StatusOptions): Route[] {
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
        await authenticator.authenticate(request.headers.authorization)
        const text = await metrics.registry.metrics()
        response.writeHead(200, {
          'content-type': metrics.registry.contentType,
          'content-length': Buffer.byteLength(text),
        })
        response.end(text)
      },
    },
  ]
}
