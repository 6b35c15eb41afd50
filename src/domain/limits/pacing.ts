/**
 * Limits per minute, enforced by spacing: calls get start times (slots) that follow each other at the limit's pace, as
 * in the generic cell rate algorithm without a burst. Idle time is not saved up.
 *
 * Requests: no window of 60 s exceeds the limit. A slot may be used up to {@link slotLifeMs} late, so the pace is
 * computed for a window longer by that much, which is 98 % of the limit.
 *
 * Tokens: what a call will use is unknown until it ends. A slot costs the recent average; the difference is settled
 * afterwards, and a debt delays later slots until it is paid. Over a minute the limit can be exceeded only by what the
 * calls in flight use beyond the average.
 */
export interface Rates {
  requestsPerMinute: number | null
  tokensPerMinute: number | null
}

/** When the next request and the next token are free, in milliseconds on one clock. */
export interface Pace {
  requestsAt: number
  tokensAt: number
}

/** A slot that is unused for this long after its time expires. */
export const slotLifeMs = 1_000

const windowMs = 60_000 + slotLifeMs

/** Slots are reserved at most this far ahead. */
const batchMs = 1_000

/**
 * `count` slots, the first in `delayMs` and one every `spacingMs` from then on; with none, `delayMs` is when to ask
 * again.
 */
export interface SlotBatch {
  count: number
  delayMs: number
  spacingMs: number
}

/**
 * Reserves up to `asked` slots, at least one unless the next lies too far ahead.
 * @param tokensPerCall estimated tokens of one call
 */
export function reserveSlots(
  pace: Pace,
  rates: Rates,
  now: number,
  asked: number,
  tokensPerCall: number,
): { slots: SlotBatch; pace: Pace } {
  const callTokensMs = tokensPerCall * tokenMs(rates)
  const spacingMs = Math.max(rates.requestsPerMinute === null ? 0 : windowMs / rates.requestsPerMinute, callTokensMs)
  const first = Math.max(now, pace.requestsAt, pace.tokensAt)
  const delayMs = first - now
  if (delayMs >= batchMs) return { slots: { count: 0, delayMs: delayMs - batchMs, spacingMs }, pace }
  const count = Math.min(asked, Math.max(1, Math.floor(batchMs / spacingMs)))
  return {
    slots: { count, delayMs, spacingMs },
    pace: { requestsAt: first + count * spacingMs, tokensAt: first + count * callTokensMs },
  }
}

/** The time that one token takes up, in milliseconds; 0 without a limit. */
export function tokenMs({ tokensPerMinute }: Rates): number {
  return tokensPerMinute === null ? 0 : windowMs / tokensPerMinute
}
