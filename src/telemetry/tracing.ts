/** Traces of executed items: one trace per attempt, whose id is stored with the item and sent with the call. */
import type { ItemError, StartSpan } from '../domain/execution/task.ts'

/** What identifies an attempt. */
export interface TracedAttempt {
  runId: string
  /** Of the run item. */
  ordinal: number
  /** Logical id of the dataset item. */
  itemId: string
  /** From 0. */
  repetition: number
  /** From 1. */
  attempt: number
}

/** The spans of one attempt. They pass on whatever `work` returns or throws. */
export interface AttemptTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** @param work receives the W3C trace context of the call, and begins spans below it */
  call<T>(work: (traceparent: string, span?: StartSpan) => Promise<T>): Promise<T>
  /** @returns at once what `work` returns at once, unless it is traced */
  evaluator<T>(name: string, work: () => T | Promise<T>): T | Promise<T>
  /** Ends the trace with the item's new status and why it did not succeed. */
  end(status: string, error: ItemError | null): void
}

export interface Tracing {
  begin(attempt: TracedAttempt): AttemptTrace
  /** Sends the remaining spans. Idempotent. */
  stop(): Promise<void>
}

/** Without a collector, calls still get trace contexts, so that the systems they reach can be correlated. */
export const noTracing: Tracing = {
  begin() {
    const traceId = randomHex(16)
    return {
      traceId,
      call: (work) => work(`00-${traceId}-${randomHex(8)}-01`),
      evaluator: (_name, work) => work(),
      end: () => {},
    }
  },
  stop: () => Promise.resolve(),
}

const random = Buffer.alloc(16)

/** Two digits a byte. Ids of traces are no secrets: `Math.random`, as OpenTelemetry's SDK does. @param bytes 4, 8, 12 or 16 */
function randomHex(bytes: number): string {
  for (let at = 0; at < bytes; at += 4) random.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), at)
  return random.toString('hex', 0, bytes)
}
