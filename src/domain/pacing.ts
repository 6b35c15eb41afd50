/**
 * Limits per minute, kept by spacing: calls are given start times (slots) that follow each other at the limit's pace,
 * as in the generic cell rate algorithm without a burst. Nothing is saved up while nobody calls.
 *
 * Requests: any 60 s see at most the limit. A slot may be used up to {@link slotLifeMs} late, so the pace is that of a
 * window longer by as much: 98 % of the limit.
 *
 * Tokens: what a call will use is not known before it ends. A slot costs what calls used of late; the difference is
 * settled afterwards, and a debt delays the slots to come until it is paid. Over a minute the limit is exceeded by what
 * the calls in flight use beyond that, and by nothing else.
 */
export interface Rates {
  requestsPerMinute: number | null
  tokensPerMinute: number | null
}

/** When the next request and the next token are free, in milliseconds of one clock. */
export interface Pace {
  requestsAt: number
  tokensAt: number
}

/** A slot that is not used for so long after its time is void. */
export const slotLifeMs = 1_000

const windowMs = 60_000 + slotLifeMs

/** Slots are given out for so long at once, and nobody gets one that lies further ahead. */
const batchMs = 1_000

/** `count` slots, the first in `delayMs` and then every `spacingMs`; without any, `delayMs` is when to ask again. */
export interface SlotBatch {
  count: number
  delayMs: number
  spacingMs: number
}

/**
 * Gives out up to `asked` slots, at least one unless the next lies too far ahead.
 * @param tokensPerCall what a call uses, as far as is known
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

/** How long one token keeps the others waiting, in milliseconds; 0 without a limit. */
export function tokenMs({ tokensPerMinute }: Rates): number {
  return tokensPerMinute === null ? 0 : windowMs / tokensPerMinute
}
