/** Figures of a series in one run, from the sums that are maintained while it executes. Unknown figures are null, never 0. */
import type { ScoreDataType } from '../evaluation.ts'
import { hasValue } from '../score.ts'
import { momentsOfClusters } from './clusters.ts'
import type { Interval } from './interval.ts'
import { meanInterval } from './mean-interval.ts'
import type { ScoreMoments } from './score-moments.ts'

/** A series in one run. Its moments are those of its items, repetitions averaged. */
type SeriesMoments = ScoreMoments & { dataType: ScoreDataType }

/** The mean over the items; for booleans the share of true. Null for labels and texts. */
export function mean({ dataType, items, sum }: Pick<SeriesMoments, 'dataType' | 'items' | 'sum'>): number | null {
  return hasValue(dataType) && items > 0 ? sum / items : null
}

/** The sample standard deviation of the items; null for fewer than two. */
export function standardDeviation({
  dataType,
  items,
  m2,
}: Pick<SeriesMoments, 'dataType' | 'items' | 'm2'>): number | null {
  if (!hasValue(dataType) || items < 2) return null
  return Math.sqrt(Math.max(0, m2) / (items - 1))
}

/**
 * The standard error of the mean; null for fewer than two items. Repetitions of one item are not independent of each
 * other, and count as one value.
 */
export function standardError(moments: Pick<SeriesMoments, 'dataType' | 'items' | 'm2'>): number | null {
  const deviation = standardDeviation(moments)
  return deviation === null ? null : deviation / Math.sqrt(moments.items)
}

/** Of the items of a run that belong together: how many are in each cluster, and the sum of their values. */
export interface ClusterTotals {
  sizes: readonly number[]
  sums: readonly number[]
}

/**
 * The 95 % interval of the mean.
 * @param clusters null: the items are independent
 */
export function summaryInterval(
  {
    dataType,
    items,
    sum,
    m2,
    lowest,
    highest,
  }: Pick<SeriesMoments, 'dataType' | 'items' | 'sum' | 'm2'> & { lowest: number | null; highest: number | null },
  clusters: ClusterTotals | null,
): Interval | null {
  if (!hasValue(dataType) || items === 0) return null
  const mean = sum / items
  const isBoolean = dataType === 'BOOLEAN'
  const stddev = items < 2 ? 0 : Math.sqrt(Math.max(0, m2) / (items - 1))
  const deviations = clusters?.sums.map((own, i) => own - (clusters.sizes[i] as number) * mean)
  return meanInterval({
    ...{ items, mean, stddev },
    // Σx² = Σx only if every x from 0 to 1 is one of them.
    binary: isBoolean && Math.abs(m2 - (sum - sum ** 2 / items)) <= 1e-9 * items,
    lowest: isBoolean ? 0 : lowest,
    highest: isBoolean ? 1 : highest,
    clusters:
      clusters &&
      momentsOfClusters(
        {
          sizes: Float64Array.from(clusters.sizes),
          sums: Float64Array.from(clusters.sums),
          deviations: Float64Array.from(deviations ?? []),
        },
        items,
        stddev,
      ),
  })
}
