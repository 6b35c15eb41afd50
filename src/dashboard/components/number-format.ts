/** How numbers and times are written, everywhere the same. */

const dash = '–'

// Made once: `toLocaleString` looks up its rules with every call.
const counts = new Intl.NumberFormat('en-US')

/** A number of things: `1,234`. */
export function formatCount(value: number): string {
  return counts.format(value)
}

/** A mean or value of a score: as many digits as tell values apart, never more than four. */
export function formatScore(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return dash
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 10_000) return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
  if (size >= 100) return value.toFixed(1)
  if (size < 0.001) return value.toPrecision(2)
  return value.toFixed(digits)
}

/** A share of items as a percentage: `81.9 %`. */
export function formatShare(value: number | null | undefined): string {
  return value === null || value === undefined ? dash : `${(value * 100).toFixed(1)} %`
}

/** A difference with its sign; a minus is as wide as a plus. */
export function formatDelta(value: number | null | undefined, format: (size: number) => string = formatScore): string {
  if (value === null || value === undefined) return dash
  if (value === 0) return '±0'
  return `${value > 0 ? '+' : '−'}${format(Math.abs(value))}`
}

/** Milliseconds: `3 ms`, `1.24 s`, `2 min 5 s`, `3 h 10 min`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return dash
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.round(minutes / 1_440)} days`
}

/** US dollars, with enough digits for the cost of one call; null is unknown. */
export function formatCost(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return dash
  if (usd === 0) return '$0'
  const digits = usd >= 100 ? 0 : usd >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(usd)))
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`
}

/** `870 bytes`, `12 kB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A date and time in the place of the reader. */
export function formatMoment(iso: string): string {
  return moment.format(new Date(iso))
}

/** How long ago: `just now`, `4 min ago`, `3 h ago`, `2 days ago`, later the date. */
export function formatAge(iso: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1_000)
  if (seconds < 45) return 'just now'
  if (seconds < 3_000) return `${Math.max(1, Math.round(seconds / 60))} min ago`
  if (seconds < 79_200) return `${Math.round(seconds / 3_600)} h ago`
  if (seconds < 2_592_000)
    return Math.round(seconds / 86_400) === 1 ? 'a day ago' : `${Math.round(seconds / 86_400)} days ago`
  return new Date(iso).toLocaleDateString(undefined, { dateStyle: 'medium' })
}

/** `1 item`, `2 items`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
