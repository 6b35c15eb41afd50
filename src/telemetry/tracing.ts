/** Traces of what the engine executes: one trace an attempt, whose id stands on the item and goes out with the call. */
import { randomBytes } from 'node:crypto'
import type { ItemError } from '../domain/task.ts'

/** What an attempt is told apart by. */
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

/** The spans of one attempt. What `work` returns or throws passes through. */
export interface AttemptTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** @param work is given the W3C trace context of the call */
  call<T>(work: (traceparent: string) => Promise<T>): Promise<T>
  evaluator<T>(name: string, work: () => Promise<T>): Promise<T>
  /** The last thing that is told: the item's new status, and why it did not succeed. */
  end(status: string, error: ItemError | null): void
}

export interface Tracing {
  begin(attempt: TracedAttempt): AttemptTrace
  /** Delivers what is left. Idempotent. */
  stop(): Promise<void>
}

/** Nobody collects spans: calls get trace contexts of their own, so that what they call can be found by them. */
export const noTracing: Tracing = {
  begin() {
    const traceId = randomBytes(16).toString('hex')
    return {
      traceId,
      call: (work) => work(`00-${traceId}-${randomBytes(8).toString('hex')}-01`),
      evaluator: (_name, work) => work(),
      end: () => {},
    }
  },
  stop: () => Promise.resolve(),
}
