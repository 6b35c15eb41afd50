/**
 * The fixed-n comparison of one metric between two runs of a dataset, over paired items.
 *
 * The unit is the item: repetitions are averaged per item first, so repeated calls of one item never count as
 * independent evidence. Swapping baseline and candidate mirrors every figure exactly.
 */
import type { Direction } from '../evaluation.ts'
import { bcaInterval } from './bca-bootstrap.ts'
import { signTest } from './binomial.ts'
import type { Interval } from './interval.ts'
import { exactMcNemar, tangoInterval } from './mcnemar.ts'
import { type PairedMoments, unchangedTolerance } from './paired-moments.ts'
import { studentQuantile, studentTwoSided } from './student-t.ts'

/**
 * How the interval and the p value were computed.
 * - `EXACT_MCNEMAR`: every value is 0 or 1. Exact McNemar test, Tango's score interval.
 * - `STUDENT_T`: any other numbers. Paired t test and interval on the differences.
 * - `BCA_BOOTSTRAP`: 20–2,000 pairs that changed in one direction only and are too skewed for t. BCa interval, exact
 *   sign test.
 * - `EXACT_SIGN`: the differences have no spread, so there is no interval. Exact sign test.
 */
type ComparisonMethod = 'EXACT_MCNEMAR' | 'STUDENT_T' | 'BCA_BOOTSTRAP' | 'EXACT_SIGN'

export interface MetricFigures {
  readonly direction: Direction
  /** Means over the paired items only, each item with the same weight; null without pairs. */
  readonly baselineMean: number | null
  readonly candidateMean: number | null
  /** Mean of candidate − baseline. */
  readonly delta: number | null
  /** 95 % interval of `delta`; null without pairs, or when numeric differences show no spread. */
  readonly interval: Interval | null
  /** Two-sided, against "no difference"; not adjusted for other metrics. */
  readonly pValue: number | null
  readonly method: ComparisonMethod | null
  /** Items with a value on both arms. */
  readonly pairs: number
  /** Pairs that got better, and worse; both 0 for direction `NONE`. */
  readonly improved: number
  readonly regressed: number
  /** Pairs that did not change. For direction `NONE` the other `pairs − unchanged` pairs changed. */
  readonly unchanged: number
  /** Items without a value on at least one arm. */
  readonly missing: number
  /** Sample standard deviation of the differences; null for fewer than two pairs. */
  readonly differenceStddev: number | null
}

/**
 * Compares a metric from the moments of its pairs. O(1), or O(n) where the individual differences are needed.
 *
 * @param differences one per pair, in any order; needed only where `needsDifferences(moments)`
 * @throws RangeError when `missing` is not a count, or when `differences` are needed and there is not one per pair.
 */
export function compareMoments(
  moments: PairedMoments,
  direction: Direction,
  missing = 0,
  differences: readonly number[] | null = null,
): MetricFigures {
  if (!(Number.isInteger(missing) && missing >= 0)) {
    throw new RangeError(`Expected the number of missing pairs to be a whole number >= 0, got ${missing}.`)
  }
  const { count, increased, decreased } = moments
  const better = direction === 'HIGHER_IS_BETTER' ? increased : decreased
  const worse = direction === 'HIGHER_IS_BETTER' ? decreased : increased
  const empty = count === 0
  return {
    direction,
    baselineMean: empty ? null : moments.baselineMean,
    candidateMean: empty ? null : moments.candidateMean,
    delta: empty ? null : moments.delta,
    ...(empty ? { interval: null, pValue: null, method: null } : test(moments, differences)),
    pairs: count,
    improved: direction === 'NONE' ? 0 : better,
    regressed: direction === 'NONE' ? 0 : worse,
    unchanged: count - increased - decreased,
    missing,
    differenceStddev: count < 2 ? null : moments.stddev,
  }
}

/**
 * Whether the interval needs the individual differences and not only their moments: 20 to 2,000 pairs that changed in
 * one direction only, with n < 25 · skewness² (Cochran's rule for when t cannot be trusted).
 */
export function needsDifferences(moments: PairedMoments): boolean {
  const { count, increased, decreased, skewness } = moments
  const oneSided = (increased === 0) !== (decreased === 0)
  return (
    !moments.binary && hasSpread(moments) && oneSided && count >= 20 && count <= 2_000 && count < 25 * skewness ** 2
  )
}

type Test = Pick<MetricFigures, 'interval' | 'pValue' | 'method'>

function test(moments: PairedMoments, differences: readonly number[] | null): Test {
  const { count, delta, stddev, increased, decreased } = moments
  if (moments.binary) {
    return {
      method: 'EXACT_MCNEMAR',
      interval: tangoInterval(increased, decreased, count),
      pValue: exactMcNemar(increased, decreased),
    }
  }
  if (!hasSpread(moments)) {
    return { method: 'EXACT_SIGN', interval: null, pValue: signTest(increased, decreased) }
  }
  if (needsDifferences(moments)) {
    if (differences?.length !== count) {
      throw new RangeError(
        `Expected the ${count} differences of a one-sided metric, got ${differences?.length ?? 'none'}.`,
      )
    }
    return { method: 'BCA_BOOTSTRAP', interval: bcaInterval(differences), pValue: signTest(increased, decreased) }
  }
  const standardError = stddev / Math.sqrt(count)
  const halfWidth = studentQuantile(0.975, count - 1) * standardError
  return {
    method: 'STUDENT_T',
    interval: { low: delta - halfWidth, high: delta + halfWidth },
    pValue: studentTwoSided(delta / standardError, count - 1),
  }
}

/** Rounding makes equal differences differ in the last bits: that is not spread. */
function hasSpread({ stddev, baselineMean, candidateMean, delta }: PairedMoments): boolean {
  return stddev > unchangedTolerance * Math.max(Math.abs(baselineMean), Math.abs(candidateMean), Math.abs(delta))
}
