/**
 * The fixed-n comparison of one metric between two runs of a dataset, over paired items.
 *
 * The unit is the item: repetitions are averaged per item first, so repeated calls of one item never count as
 * independent evidence. Swapping baseline and candidate mirrors every figure exactly.
 */
import type { Direction } from '../evaluation.ts'
import { bcaInterval } from './bca-bootstrap.ts'
import { signTest } from './binomial.ts'
import { type ClusterMoments, signFlipTest } from './clusters.ts'
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
 * - `CLUSTERED_T`: items that belong together. Student's t with the clustered standard error.
 * - `CLUSTER_SIGN_FLIP`: the same where every value is 0 or 1. The signs of whole clusters are flipped for the p value.
 * - `EXACT_SIGN`: the differences have no spread. Exact sign test; an interval only if the metric has a range.
 */
type ComparisonMethod =
  | 'EXACT_MCNEMAR'
  | 'STUDENT_T'
  | 'BCA_BOOTSTRAP'
  | 'CLUSTERED_T'
  | 'CLUSTER_SIGN_FLIP'
  | 'EXACT_SIGN'

export interface MetricFigures {
  readonly direction: Direction
  /** Means over the paired items only, each item with the same weight; null without pairs. */
  readonly baselineMean: number | null
  readonly candidateMean: number | null
  /** Mean of candidate − baseline. */
  readonly delta: number | null
  /** 95 % interval of `delta`; null without pairs, or when differences without bounds show no spread. */
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
  /** Of them, those that both arms executed and that lack a value. */
  readonly lacking: number
  /** `delta` with every value that is lacking as low, and as high, as it can be; null without pairs or bounds. */
  readonly bounds: Interval | null
  /** Interval and p value that hold whatever the lacking values are; as above where none is lacking. */
  readonly robust: Pick<MetricFigures, 'interval' | 'pValue'>
  /**
   * Sample standard deviation of the differences, with clusters as if the items were independent and their mean as
   * uncertain; null for fewer than two pairs.
   */
  readonly differenceStddev: number | null
  /** Groups of items that belong together; null: the items are independent. */
  readonly clusters: Pick<ClusterMoments, 'count' | 'icc' | 'designEffect'> | null
}

/** What is known of the items that cannot be compared. */
export interface MissingPairs {
  /** All of them. */
  readonly missing?: number
  /** Executed on both arms, but a value is lacking. */
  readonly lacking?: number
  /**
   * The moments with every lacking value, also of single repetitions, as low and as high as it can be for the
   * difference; `UNBOUNDED` if there is no such value, null if none is lacking.
   */
  readonly extremes?: { readonly lowest: PairedMoments; readonly highest: PairedMoments } | 'UNBOUNDED' | null
}

/**
 * Compares a metric from the moments of its pairs. O(1), or O(n) where the individual differences are needed.
 *
 * @param differences one per pair, in any order; needed only where `needsDifferences(moments)`
 * @param range the largest possible |difference|; null without bounds
 * @throws RangeError when `missing` is not a count, or when `differences` are needed and there is not one per pair.
 */
export function compareMoments(
  moments: PairedMoments,
  direction: Direction,
  { missing = 0, lacking = 0, extremes = null }: MissingPairs = {},
  differences: readonly number[] | null = null,
  range: number | null = null,
): MetricFigures {
  if (!(Number.isInteger(missing) && missing >= 0)) {
    throw new RangeError(`Expected the number of missing pairs to be a whole number >= 0, got ${missing}.`)
  }
  const { count, increased, decreased } = moments
  const better = direction === 'HIGHER_IS_BETTER' ? increased : decreased
  const worse = direction === 'HIGHER_IS_BETTER' ? decreased : increased
  const empty = count === 0
  const tested = empty ? untested : testOf(moments, differences, range)
  return {
    direction,
    baselineMean: empty ? null : moments.baselineMean,
    candidateMean: empty ? null : moments.candidateMean,
    delta: empty ? null : moments.delta,
    ...tested,
    pairs: count,
    improved: direction === 'NONE' ? 0 : better,
    regressed: direction === 'NONE' ? 0 : worse,
    unchanged: count - increased - decreased,
    missing,
    lacking,
    ...(empty
      ? { bounds: null, robust: { interval: null, pValue: null } }
      : whateverIsLacking(moments.delta, tested, extremes, range)),
    differenceStddev: count < 2 ? null : spreadOf(moments),
    clusters: moments.clusters ?? null,
  }
}

function spreadOf({ clusters, stddev, count }: PairedMoments): number {
  return clusters ? clusters.standardError * Math.sqrt(count) : stddev
}

const untested = { interval: null, pValue: null, method: null } as const

/**
 * A difference is only shown if it is there whatever the lacking values are: the p value is that of the values that are
 * worst for the sign of the delta, and the interval covers those of all.
 */
function whateverIsLacking(
  delta: number,
  { interval, pValue }: Test,
  extremes: MissingPairs['extremes'],
  range: number | null,
): Pick<MetricFigures, 'bounds' | 'robust'> {
  if (!extremes) return { bounds: { low: delta, high: delta }, robust: { interval, pValue } }
  if (extremes === 'UNBOUNDED') return { bounds: null, robust: { interval: null, pValue: pValue === null ? null : 1 } }
  const [lowest, highest] = [extremes.lowest, extremes.highest].map((moments) => ({
    delta: moments.delta,
    ...testOf({ ...moments, skewness: 0 }, null, range),
  })) as [Test & { delta: number }, Test & { delta: number }]
  const worst = delta > 0 ? lowest : highest
  const keepsSign = delta > 0 ? lowest.delta > 0 : delta < 0 ? highest.delta < 0 : true
  return {
    bounds: { low: lowest.delta, high: highest.delta },
    robust: {
      pValue: keepsSign ? Math.max(pValue ?? 1, worst.pValue ?? 1) : 1,
      interval:
        interval && lowest.interval && highest.interval
          ? {
              low: Math.min(interval.low, lowest.interval.low),
              high: Math.max(interval.high, highest.interval.high),
            }
          : null,
    },
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
    !moments.clusters &&
    !moments.binary &&
    hasSpread(moments) &&
    oneSided &&
    count >= 20 &&
    count <= 2_000 &&
    count < 25 * skewness ** 2
  )
}

type Test = Pick<MetricFigures, 'interval' | 'pValue' | 'method'>

function testOf(moments: PairedMoments, differences: readonly number[] | null, range: number | null): Test {
  const { count, delta, stddev, increased, decreased } = moments
  if (moments.clusters) return clusterTest(moments, moments.clusters, range)
  if (moments.binary) {
    return {
      method: 'EXACT_MCNEMAR',
      interval: tangoInterval(increased, decreased, count),
      pValue: exactMcNemar(increased, decreased),
    }
  }
  if (!hasSpread(moments)) {
    return {
      method: 'EXACT_SIGN',
      interval: range === null ? null : unseenInterval(delta, count, range),
      pValue: signTest(increased, decreased),
    }
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

function clusterTest(moments: PairedMoments, clusters: ClusterMoments, range: number | null): Test {
  const { delta, binary, count, increased, decreased } = moments
  const { standardError, degreesOfFreedom, sums } = clusters
  if (clusters.count < 2 || !hasSpread(moments) || standardError === 0) {
    const bound = binary ? 1 : range
    return {
      method: 'EXACT_SIGN',
      interval: bound === null ? null : unseenInterval(delta, clusters.count, bound),
      pValue: signTest(...signs(sums)),
    }
  }
  const halfWidth = studentQuantile(0.975, degreesOfFreedom) * standardError
  const interval = { low: delta - halfWidth, high: delta + halfWidth }
  if (!binary) {
    return {
      method: 'CLUSTERED_T',
      interval,
      pValue: studentTwoSided(delta / standardError, degreesOfFreedom),
    }
  }
  // Where few clusters changed their spread says little, and the interval is at least that of so many independent pairs.
  const share = 1 / Math.max(1, clusters.designEffect ?? 1)
  const independent = tangoInterval(increased * share, decreased * share, count * share)
  return {
    method: 'CLUSTER_SIGN_FLIP',
    interval: { low: Math.min(interval.low, independent.low), high: Math.max(interval.high, independent.high) },
    pValue: signFlipTest(sums),
  }
}

function signs(sums: Float64Array): [number, number] {
  return [sums.filter((sum) => sum > 0).length, sums.filter((sum) => sum < 0).length]
}

/** Rounding makes equal differences differ in the last bits: that is not spread. */
function hasSpread({ stddev, baselineMean, candidateMean, delta }: PairedMoments): boolean {
  return stddev > unchangedTolerance * Math.max(Math.abs(baselineMean), Math.abs(candidateMean), Math.abs(delta))
}

/**
 * Of n equal differences: at most the share q = 1 − 0.025^(1/n) of all items may have another one, or n items would
 * hardly have missed them, and those may be anything up to the range.
 */
function unseenInterval(delta: number, count: number, range: number): Interval {
  const unseen = 1 - 0.025 ** (1 / count)
  return { low: delta - unseen * (range + delta), high: delta + unseen * (range - delta) }
}
