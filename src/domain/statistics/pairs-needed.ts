import { normalQuantile, z95 } from './normal.ts'
import type { MetricFigures } from './paired-comparison.ts'

const z80 = normalQuantile(0.8)
const maxInt32 = 2 ** 31 - 1

/**
 * How many more pairs an inconclusive metric needs to be decided with 80 % probability, if the true effect and spread
 * are as observed: shown different at `level`, or shown not worse by `margin`, whichever takes fewer.
 *
 * n = ((z₁₋α⁄₂ + z₀.₈) s / e)² + z²₁₋α⁄₂ / 2, with s the standard deviation of the differences and e the distance from
 * 0 (or from the margin): Guenther, "Sample size formulas for normal theory t tests", The American Statistician 35
 * (1981).
 *
 * @param level the p value that decides: 0.05, divided by the metric's Holm multiplier
 * @param margin 0 for none
 * @returns at least 1; null when no number of pairs would do (no observed effect, no direction), when there are fewer
 *   than two pairs to estimate the spread from, or when the number does not fit in 32 bits.
 */
export function pairsNeeded(figures: MetricFigures, margin: number, level: number): number | null {
  return pairsIf(figures, margin, level, 0)
}

/** Numbers of pairs between which {@link pairsNeeded} would be in 80 % of cases. */
export interface PairsNeededRange {
  low: number
  /** Null: there may be no effect at all. */
  high: number | null
}

/**
 * How far `pairsNeeded` may be off, because it squares a noisy difference: what would be needed if the effect was as large,
 * and as small, as the 80 % interval of the difference allows.
 */
export function pairsNeededRange(figures: MetricFigures, margin: number, level: number): PairsNeededRange | null {
  const low = pairsIf(figures, margin, level, 1)
  return low === null ? null : { low, high: pairsIf(figures, margin, level, -1) }
}

const z90 = normalQuantile(0.9)

/** @param further 1: the effect is larger than observed by what chance may do, −1: smaller */
function pairsIf(figures: MetricFigures, margin: number, level: number, further: -1 | 0 | 1): number | null {
  const { delta, differenceStddev, direction, pairs } = figures
  if (delta === null || differenceStddev === null || direction === 'NONE') return null
  const gain = direction === 'HIGHER_IS_BETTER' ? delta : -delta
  const shift = (further * z90 * differenceStddev) / Math.sqrt(pairs)
  const totals = [totalPairs(figures, Math.abs(delta) + shift, level)]
  if (margin > 0 && figures.interval !== null) {
    totals.push(
      delta === 0 && differenceStddev === 0
        ? unseen(figures, margin)
        : totalPairs(figures, gain + margin + shift, 0.05),
    )
  }
  const more = Math.max(1, Math.ceil(Math.min(...totals) - pairs))
  return more <= maxInt32 ? more : null
}

/** While nothing changes, the interval narrows with the number of pairs. */
function unseen({ interval, pairs }: MetricFigures, margin: number): number {
  return (pairs * (interval?.high ?? 0)) / margin
}

function totalPairs(figures: MetricFigures, distance: number, level: number): number {
  if (!(distance > 0)) return Number.POSITIVE_INFINITY
  // Equal differences: the sign test decides, at 2^(1 − n) ≤ level.
  if (figures.method === 'EXACT_SIGN') return 1 - Math.log2(level)
  const z = level === 0.05 ? z95 : normalQuantile(1 - level / 2)
  return (((z + z80) * (figures.differenceStddev ?? 0)) / distance) ** 2 + z ** 2 / 2
}
