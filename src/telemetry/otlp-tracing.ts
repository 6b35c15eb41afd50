/**
 * Sends the engine's spans to an OpenTelemetry collector over OTLP/HTTP: `item` → `task`, `evaluator …`. Destination
 * and options come from OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME,
 * OTEL_RESOURCE_ATTRIBUTES). Tracing never slows a run: when the collector is slower than the engine, spans are
 * dropped.
 */
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import { codeOf, messageOf } from '../domain/errors.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import type { StartSpan } from '../domain/execution/task.ts'
import { encodeGlobalId } from '../domain/global-id.ts'
import type { AttemptTrace, TracedAttempt, Tracing } from './tracing.ts'

/** Spans waiting to be sent: a second or two of a busy process. */
const maxQueueSize = 20_000
const stopTimeoutMs = 3_000

export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer

  constructor(log: Logger) {
    const named = resourceFromAttributes({ 'service.name': 'assay' })
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(named)
        .merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: loggingFailures(new OTLPTraceExporter(), log),
          maxQueueSize,
          maxExportBatchSize: 1_000,
          scheduledDelayMillis: 1_000,
        }),
      ],
    })
    this.#tracer = this.#provider.getTracer('assay')
  }

  begin({ runId, ordinal, itemId, repetition, attempt }: TracedAttempt): AttemptTrace {
    const attributes = {
      'assay.run.id': encodeGlobalId('Run', runId),
      'assay.item.id': encodeGlobalId('DatasetItem', itemId),
      'assay.run_item.id': encodeGlobalId('RunItem', `${runId}:${ordinal}`),
      'assay.repetition': repetition,
      'assay.attempt': attempt,
    }
    const item = this.#tracer.startSpan('item', { attributes }, ROOT_CONTEXT)
    const context = trace.setSpan(ROOT_CONTEXT, item)
    return {
      traceId: item.spanContext().traceId,
      call: (work) => {
        const span = this.#tracer.startSpan('task', { kind: SpanKind.CLIENT, attributes }, context)
        return during(span, () => work(traceparent(span), this.#spansBelow(trace.setSpan(context, span))))
      },
      evaluator: (name, work) => during(this.#evaluator(name, attributes, context), work),
      end(status, error) {
        item.setAttribute('assay.status', status)
        if (error) fail(item, error.code, error.message)
        item.end()
      },
    }
  }

  #evaluator(name: string, attributes: Record<string, string | number>, context: Context): Span {
    return this.#tracer.startSpan(
      `evaluator ${name}`,
      { attributes: { ...attributes, 'assay.evaluator': name } },
      context,
    )
  }

  #spansBelow(context: Context): StartSpan {
    return (name, attributes) => {
      const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, context)
      return {
        end(attributes, error) {
          span.setAttributes(attributes)
          if (error) fail(span, error.code, error.message)
          span.end()
        },
      }
    }
  }

  async stop(): Promise<void> {
    const deadline = { timeoutMs: stopTimeoutMs, signal: new AbortController().signal }
    // An unreachable collector must not keep the process from stopping.
    await withDeadline(() => this.#provider.shutdown(), deadline).catch(() => {})
  }
}

/** The SDK does not report export failures. */
function loggingFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) log.warn({ err: result.error, spans: spans.length }, 'tracing: could not export spans')
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}

async function during<T>(span: Span, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    fail(span, codeOf(error) ?? (error instanceof Error ? error.name : 'Error'), messageOf(error))
    throw error
  } finally {
    span.end()
  }
}

function fail(span: Span, type: string, message: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

function traceparent(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
