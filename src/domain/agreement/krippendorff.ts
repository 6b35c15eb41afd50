/** Krippendorff's α: agreement of any number of raters beyond chance, on any scale, with whatever is missing. */
import type { Interval } from '../statistics/interval.ts'
import { seededRandom } from '../statistics/seeded-random.ts'

/** NOMINAL: labels; ORDINAL: their order counts; INTERVAL: differences of numbers count. */
export type AlphaLevel = 'NOMINAL' | 'ORDINAL' | 'INTERVAL'

export interface Alpha {
  /** 1: no disagreement; 0: as much as by chance. Null without two values of one unit, or when all values are equal. */
  alpha: number | null
  /** 95 %, of a bootstrap over units; null as for `alpha`. */
  interval: Interval | null
  /** Those with at least two values. */
  units: number
  values: number
}

const resamples = 1_000

/** @param units the values that raters gave to each unit, in no order; numbers, of labels their place in an order */
export function krippendorffAlpha(units: readonly (readonly number[])[], level: AlphaLevel, seed = 1): Alpha {
  const paired = units.filter(({ length }) => length > 1)
  const alpha = alphaOf(paired, level)
  const values = paired.reduce((sum, { length }) => sum + length, 0)
  return { alpha, interval: alpha === null ? null : bootstrap(paired, level, seed), units: paired.length, values }
}

function alphaOf(units: readonly (readonly number[])[], level: AlphaLevel): number | null {
  const all = units.flat()
  if (all.length < 2) return null
  const place = placesOf(all, level)
  const placed = (values: readonly number[]) => values.map((value) => place.get(value) ?? value)
  const expected = disagreement(placed(all), level) / (all.length - 1)
  if (expected === 0) return null
  const observed = units.reduce((sum, values) => sum + disagreement(placed(values), level) / (values.length - 1), 0)
  return 1 - observed / expected
}

/** Ranks of an ordinal scale are as far apart as there are values between their middles; other values are their own. */
function placesOf(values: readonly number[], level: AlphaLevel): ReadonlyMap<number, number> {
  if (level !== 'ORDINAL') return new Map()
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, { length }]) => ({ value, length }))
  let below = 0
  return new Map(
    counts
      .sort((a, b) => a.value - b.value)
      .map(({ value, length }) => {
        below += length
        return [value, below - length / 2]
      }),
  )
}

/** The sum over all ordered pairs. */
function disagreement(values: readonly number[], level: AlphaLevel): number {
  if (level === 'NOMINAL') {
    const equal = [...Map.groupBy(values, (value) => value).values()].reduce((sum, { length }) => sum + length ** 2, 0)
    return values.length ** 2 - equal
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return 2 * values.length * values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}

function bootstrap(units: readonly (readonly number[])[], level: AlphaLevel, seed: number): Interval | null {
  const random = seededRandom(seed)
  const drawn: number[] = []
  for (let n = 0; n < resamples; n += 1) {
    const sample = units.map(() => units[Math.floor(random() * units.length)] as readonly number[])
    const alpha = alphaOf(sample, level)
    if (alpha !== null) drawn.push(alpha)
  }
  if (drawn.length < resamples / 2) return null
  drawn.sort((a, b) => a - b)
  const at = (share: number) => drawn[Math.min(drawn.length - 1, Math.floor(share * drawn.length))] as number
  return { low: at(0.025), high: at(0.975) }
}
