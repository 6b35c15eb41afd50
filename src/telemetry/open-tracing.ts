import type { Logger } from 'pino'
import { noTracing, type Tracing } from './tracing.ts'

/** Exports spans to the OTLP endpoint in OpenTelemetry's environment variables; without one, the SDK is not loaded. */
export async function openTracing(env: NodeJS.ProcessEnv, log: Logger): Promise<Tracing> {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return noTracing
  const { OtlpTracing } = await import('./otlp-tracing.ts')
  return new OtlpTracing(log)
}
