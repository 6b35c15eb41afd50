import { parseRetryAfter } from '../domain/execution/retry-after.ts'

type Headers = Readonly<Record<string, string | undefined>>

/**
 * The wait that a refusal asks for, in milliseconds: `retry-after-ms`, `retry-after`, Google's `retryDelay` in the body,
 * else the time until the limit that is used up resets. Null when nothing of it is said.
 * @param now milliseconds since the epoch
 */
export function waitOf({ headers, body }: { headers: Headers; body: string }, now: number): number | null {
  const ms = headers['retry-after-ms']?.trim() ?? ''
  if (number.test(ms)) return Number(ms)
  return parseRetryAfter(headers['retry-after'], now) ?? retryDelayIn(body) ?? resetOf(headers, now)
}

function retryDelayIn(body: string): number | null {
  const seconds = /"retryDelay":\s*"(\d+(?:\.\d+)?)s"/.exec(body)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1_000
}

/** The time until a limit resets that leaves no further call, in milliseconds; null while every limit leaves one. */
export function resetOf(headers: Headers, now: number): number | null {
  const waits = limits.flatMap(({ remaining, reset }) => {
    const left = headers[remaining]
    const until = headers[reset]
    const ms = left !== undefined && Number(left) <= 0 && until !== undefined ? parseReset(until, now) : null
    return ms === null ? [] : [ms]
  })
  return waits.length > 0 ? Math.max(...waits) : null
}

/** OpenAI and most that are compatible with it; Anthropic. */
const limits = ['requests', 'tokens'].flatMap((unit) => [
  { remaining: `x-ratelimit-remaining-${unit}`, reset: `x-ratelimit-reset-${unit}` },
  { remaining: `anthropic-ratelimit-${unit}-remaining`, reset: `anthropic-ratelimit-${unit}-reset` },
])

/** `6m0s`, `1.5s`, `120ms`, a number of seconds, or a time, also in seconds or milliseconds since the epoch. */
function parseReset(text: string, now: number): number | null {
  if (number.test(text)) {
    const value = Number(text)
    if (value < oldestTime) return value * 1_000
    return Math.max(0, (value < oldestTime * 1_000 ? value * 1_000 : value) - now)
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units[unit] ?? 0), 0)
  }
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

const number = /^\d{1,15}(\.\d{1,9})?$/

/** In seconds; whatever is less is no time since the epoch, but a wait. */
const oldestTime = 1_000_000_000

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
