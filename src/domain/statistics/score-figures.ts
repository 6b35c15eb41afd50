/** Figures of the scores of one run, from the sums that are maintained while it executes. Unknown figures are null, never 0. */
import type { ScoreDataType } from '../evaluation.ts'
import { clusteredStandardError } from './clustered-standard-error.ts'

/** The scores of one name in one run. */
interface ScoreSums {
  dataType: ScoreDataType
  count: number
  errorCount: number
  sum: number
  /** Sum of squared deviations from the mean. */
  m2: number
  /**
   * For runs with repetitions, over the items with n values that add up to s: their number, and the sums of n², s² and
   * n·s.
   */
  items: number
  sumNN: number
  sumSS: number
  sumNS: number
}

/** The share of true for booleans; null for labels and texts. */
export function mean(sums: Pick<ScoreSums, 'dataType' | 'count' | 'sum'>): number | null {
  return isNumber(sums) && sums.count > 0 ? sums.sum / sums.count : null
}

/** The sample standard deviation; null for fewer than two values. */
export function standardDeviation(sums: Pick<ScoreSums, 'dataType' | 'count' | 'm2'>): number | null {
  if (!isNumber(sums) || sums.count < 2) return null
  return Math.sqrt(Math.max(0, sums.m2) / (sums.count - 1))
}

/** The standard error of the mean, clustered by item if items are repeated; null for fewer than two values (items). */
export function standardError(sums: ScoreSums): number | null {
  const { items, count, sum, sumNN, sumSS, sumNS } = sums
  const deviation = standardDeviation(sums)
  if (deviation === null || items === 0) return deviation === null ? null : deviation / Math.sqrt(count)
  // Repetitions of one item are not independent of each other.
  return clusteredStandardError({
    clusters: items,
    count,
    sum,
    squaredCounts: sumNN,
    squaredSums: sumSS,
    countTimesSum: sumNS,
  })
}

function isNumber({ dataType }: Pick<ScoreSums, 'dataType'>): boolean {
  return dataType === 'NUMERIC' || dataType === 'BOOLEAN'
}
