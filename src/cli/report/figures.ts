/** How numbers are written for people. */
import type { Direction, MetricKind, ScoreDataType } from '../gql/graphql.ts'

const unknown = '–'

/** As many digits as tell values apart. */
function plain(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 10_000) return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
  return size >= 100 ? value.toFixed(1) : size < 0.001 ? value.toPrecision(2) : value.toFixed(3)
}

export function milliseconds(value: number): string {
  const size = Math.abs(value)
  if (size >= 10_000) return `${(value / 1_000).toFixed(1)} s`
  return size >= 10 ? `${value.toFixed(0)} ms` : `${value.toPrecision(2)} ms`
}

export function dollars(value: number): string {
  return value === 0 ? '$0' : `${value < 0 ? '−' : ''}$${Number(Math.abs(value).toPrecision(3))}`
}

/** How the values of a metric are written, and its differences without their sign. */
export interface Unit {
  value(value: number): string
  size(size: number): string
  /** After differences. */
  suffix: string
}

const score: Unit = { value: plain, size: plain, suffix: '' }
const share: Unit = {
  value: (value) => `${(value * 100).toFixed(1)} %`,
  size: (size) => (size * 100).toFixed(1),
  suffix: ' points',
}
const latency: Unit = { value: milliseconds, size: milliseconds, suffix: '' }
const cost: Unit = { value: dollars, size: dollars, suffix: '' }

/** Booleans and failures are shares of the items. */
export function unitOf(kind: MetricKind, dataType: ScoreDataType | null): Unit {
  if (kind === 'LATENCY') return latency
  if (kind === 'COST') return cost
  return dataType === 'BOOLEAN' || kind === 'FAILED' ? share : score
}

export function known(value: number | null | undefined, write: (value: number) => string): string {
  return value == null ? unknown : write(value)
}

/** With a sign; a minus is as wide as a plus. */
export function signed(value: number, size: (size: number) => string): string {
  return value === 0 ? '±0' : `${value < 0 ? '−' : '+'}${size(Math.abs(value))}`
}

export function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}

/** The name of a metric, as in `--gate`. */
export function metricName({ kind, name }: { kind: MetricKind; name?: string | null }): string {
  return name ?? { LATENCY: 'latency', COST: 'cost', FAILED: 'failed items', SCORE: 'score' }[kind]
}

/** Whether a difference is good; null where neither is, or there is none. */
export function isBetter(delta: number, direction: Direction): boolean | null {
  if (delta === 0 || direction === 'NONE') return null
  return delta > 0 === (direction === 'HIGHER_IS_BETTER')
}

/** The beginning of a text, with its line ends; an ellipsis where it was cut. */
export function shortened(text: string, length = 200): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`
}

/** A value as text: texts as they are, everything else as JSON. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
