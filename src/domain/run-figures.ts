/** Figures of a run from the sums that are maintained while it executes. Unknown figures are null, never 0. */
import type { ScoreDataType } from './evaluation.ts'
import { isFinished, type RunStatus } from './run.ts'
import { clusteredStandardError } from './statistics/clustered-standard-error.ts'

interface ItemCounts {
  queued: number
  running: number
  succeeded: number
  failed: number
}

interface Costs {
  /** USD, over the items whose cost is known. */
  costSum: number
  costCount: number
}

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

/** Items that were executed to their end. */
export function finishedCount({ succeeded, failed }: Pick<ItemCounts, 'succeeded' | 'failed'>): number {
  return succeeded + failed
}

/** Seconds until the end at the rate so far; 0 after the end, null when it cannot be estimated. */
export function etaSeconds(run: ItemCounts & { status: RunStatus; startedAt: Date | null }, now: Date): number | null {
  if (isFinished(run.status)) return 0
  const finished = finishedCount(run)
  if (!run.startedAt || finished === 0) return null
  const elapsedSeconds = Math.max(0, now.getTime() - run.startedAt.getTime()) / 1000
  return ((run.queued + run.running) * elapsedSeconds) / finished
}

/** USD, over the items whose cost is known. */
export function totalCostUsd({ costSum, costCount }: Costs): number | null {
  return costCount > 0 ? costSum : null
}

/** USD, over the items whose cost is known. */
export function avgCostUsd({ costSum, costCount }: Costs): number | null {
  return costCount > 0 ? costSum / costCount : null
}

/** Finished items that have neither a score of this name nor an error of its evaluator. */
export function missingCount(
  run: Pick<ItemCounts, 'succeeded' | 'failed'>,
  { count, errorCount }: Pick<ScoreSums, 'count' | 'errorCount'>,
): number {
  return Math.max(0, finishedCount(run) - count - errorCount)
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
