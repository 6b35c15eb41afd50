/** The 95 % interval of the mean of one run. */
import type { ClusterMoments } from './clusters.ts'
import type { Interval } from './interval.ts'
import { z95 } from './normal.ts'
import { studentQuantile } from './student-t.ts'

export interface MeanMoments {
  /** Items with a value, repetitions averaged. */
  readonly items: number
  readonly mean: number
  /** Sample standard deviation of the items; 0 for fewer than two. */
  readonly stddev: number
  /** Every item has 0 or 1. */
  readonly binary: boolean
  /** The range of the score; null where there is no bound. */
  readonly lowest: number | null
  readonly highest: number | null
  /** Of items that belong together; null: they are independent. */
  readonly clusters: Pick<ClusterMoments, 'count' | 'standardError' | 'degreesOfFreedom' | 'designEffect'> | null
}

/**
 * - Yes/no scores: Wilson's score interval, of clusters for as many independent items as they are worth:
 *   n / design effect, less what estimating that costs, (z / t)².
 * - Other numbers: Student's t, within the range of the score.
 * - Numbers without any spread: at most the share 1 − 0.025^(1/n) of all items may be anything else.
 *
 * @returns null without items, and without a spread if there are no bounds
 */
export function meanInterval(moments: MeanMoments): Interval | null {
  const { items, mean, stddev, binary, clusters } = moments
  const units = clusters?.count ?? items
  if (items === 0) return null
  if (binary) {
    if (!clusters || stddev === 0) return wilsonInterval(mean, units)
    if (units < 2) return { low: 0, high: 1 }
    return wilsonInterval(mean, effectiveItems(items, clusters))
  }
  if (units < 2 || !(stddev > 0)) return unseen(moments, units)
  const standardError = clusters ? clusters.standardError : stddev / Math.sqrt(items)
  const half = studentQuantile(0.975, clusters ? clusters.degreesOfFreedom : items - 1) * standardError
  const { lowest, highest } = moments
  return {
    low: Math.max(mean - half, lowest ?? Number.NEGATIVE_INFINITY),
    high: Math.min(mean + half, highest ?? Number.POSITIVE_INFINITY),
  }
}

/**
 * Wilson's score interval (95 %) of a share: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
 * Wilson, JASA 22 (1927).
 * @param n of independent trials; not only whole
 */
export function wilsonInterval(share: number, n: number): Interval {
  const square = z95 ** 2 / n
  const middle = share + square / 2
  const half = Math.sqrt(square * (share * (1 - share)) + square ** 2 / 4)
  return { low: Math.max(0, (middle - half) / (1 + square)), high: Math.min(1, (middle + half) / (1 + square)) }
}

/** Korn & Graubard, Survey Methodology 24 (1998). */
function effectiveItems(
  items: number,
  { designEffect, degreesOfFreedom }: NonNullable<MeanMoments['clusters']>,
): number {
  const price = (z95 / studentQuantile(0.975, Math.max(1, degreesOfFreedom))) ** 2
  return Math.min(items, (items / Math.max(designEffect ?? 1, 1e-9)) * price)
}

function unseen({ mean, lowest, highest }: MeanMoments, units: number): Interval | null {
  if (lowest === null || highest === null) return null
  const share = 1 - 0.025 ** (1 / units)
  return { low: mean - share * (mean - lowest), high: mean + share * (highest - mean) }
}
