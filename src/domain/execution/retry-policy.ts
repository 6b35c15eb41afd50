import type { TaskError } from './task.ts'

/** The wait before the next attempt, and whether the failed one counts. */
interface Retry {
  delayMs: number
  spendsAttempt: boolean
}

interface Backoff {
  baseMs: number
  capMs: number
}

const backoffs = {
  /** The server is overloaded: give it room. */
  RATE_LIMITED: { baseMs: 1_000, capMs: 60_000 },
  default: { baseMs: 500, capMs: 30_000 },
} satisfies Record<string, Backoff>

/** A `Retry-After` beyond this is not honoured. */
export const maxRetryAfterMs = 3_600_000

/** No call is repeated sooner, whatever its `Retry-After`. */
const minRetryAfterMs = 100

/** So many calls of an item do not count as attempts, so that an endpoint that always asks to wait cannot hold a run. */
const maxExcused = 20

/**
 * Decides whether and when to retry a failed call; null when the failure is final.
 *
 * The wait is exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): uniform in [0,
 * min(cap, base * 2^(attempt - 1))]. A `Retry-After` is waited for in full, plus up to 10 % so that waiting
 * callers do not all return at once; the failed call then does not count as an attempt, unless 20 have not counted yet.
 *
 * @param calls how many calls of the item began, and how many of them did not count as attempts
 * @param random uniform in [0, 1)
 */
export function decideRetry(
  error: Pick<TaskError, 'code' | 'retryable' | 'retryAfterMs'> & Partial<Pick<TaskError, 'excused'>>,
  calls: { attempts: number; excused: number },
  maxAttempts: number,
  random: () => number,
): Retry | null {
  if (!error.retryable) return null
  if (error.excused) return { delayMs: 0, spendsAttempt: false }
  const { retryAfterMs } = error
  const asked = retryAfterMs !== null && retryAfterMs <= maxRetryAfterMs
  const spendsAttempt = !asked || calls.excused >= maxExcused
  const attempt = calls.attempts - calls.excused
  if (spendsAttempt && attempt >= maxAttempts) return null
  if (asked) return { delayMs: Math.max(retryAfterMs, minRetryAfterMs) * (1 + random() / 10), spendsAttempt }
  const { baseMs, capMs } = error.code === 'RATE_LIMITED' ? backoffs.RATE_LIMITED : backoffs.default
  return { delayMs: random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)), spendsAttempt }
}
