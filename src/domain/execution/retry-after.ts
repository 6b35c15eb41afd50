/**
 * The delay of a `Retry-After` header, in milliseconds from `now`; null when it is absent or invalid.
 * @param header seconds, or an HTTP date (0 if in the past)
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  const value = header?.trim() ?? ''
  if (/^\d{1,9}(\.\d{1,9})?$/.test(value)) return Math.round(Number(value) * 1000)
  // Date.parse accepts almost anything; all three forms of an HTTP date begin with a weekday.
  const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
