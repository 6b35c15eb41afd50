import type { TaskError } from './task.ts'

/** How long to wait before another attempt, and whether the failed one counts. */
interface Retry {
  delayMs: number
  spendsAttempt: boolean
}

interface Backoff {
  baseMs: number
  capMs: number
}

const backoffs = {
  /** The other side is overloaded: give it room. */
  RATE_LIMITED: { baseMs: 1_000, capMs: 60_000 },
  default: { baseMs: 500, capMs: 30_000 },
} satisfies Record<string, Backoff>

/** A server that asks for more than this is not waited for. */
export const longestRetryAfterMs = 3_600_000

/**
 * Decides what follows a failed call: null when the failure is final.
 *
 * The wait is exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): uniform in
 * [0, min(cap, base * 2^(attempt - 1))]. A `Retry-After` is honoured exactly, plus up to 10 % jitter so that
 * waiters do not return all at once, and spends no attempt.
 *
 * @param attempt the failed call's number, from 1
 * @param random uniform in [0, 1)
 */
export function retryAfter(
  error: Pick<TaskError, 'code' | 'retryable' | 'retryAfterMs'>,
  attempt: number,
  maxAttempts: number,
  random: () => number,
): Retry | null {
  if (!error.retryable) return null
  if (error.retryAfterMs !== null && error.retryAfterMs <= longestRetryAfterMs) {
    return { delayMs: error.retryAfterMs * (1 + random() / 10), spendsAttempt: false }
  }
  if (attempt >= maxAttempts) return null
  const { baseMs, capMs } = error.code === 'RATE_LIMITED' ? backoffs.RATE_LIMITED : backoffs.default
  return { delayMs: random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)), spendsAttempt: true }
}
