/** What a worker and a function host say to each other, in lists: one message carries all that came up in a turn. */
import type { Evaluation, EvaluationInput } from '../domain/evaluation.ts'
import type { RegisteredFunction } from '../domain/execution/functions.ts'
import type { Spent, TaskItem, TaskResult } from '../domain/execution/task.ts'

/** A call of a function. Its host keeps the time limit, in milliseconds. */
export type Request = { timeoutMs: number } & (
  | { kind: 'TASK'; name: string; item: TaskItem; traceparent: string }
  | { kind: 'EVALUATOR'; name: string; scoreName: string; item: EvaluationInput }
)

export type Answer = TaskResult | Evaluation[]

/** An error as it crosses the boundary. */
export interface Failure {
  /** Null for the error of an evaluator. */
  code: string | null
  message: string
  retryable: boolean
  retryAfterMs: number | null
  overloaded: boolean
  /** What the call has used all the same; null when nothing is known of it. */
  spent: Spent | null
}

export type ToHost = { id: number; call: Request } | { id: number; abort: true }

export type FromHost =
  /** First of all, once: the config is loaded, or why it is not. */
  | { loaded: RegisteredFunction[] }
  | { refused: string }
  | { id: number; answer: Answer }
  | { id: number; failure: Failure }
  /** What a function printed; without a call when it is not known which. */
  | { id: number | null; printed: string; stream: 'stdout' | 'stderr' }
  /** The last message: an error that nobody caught, during a call if that is known. */
  | { id: number | null; uncaught: string }
