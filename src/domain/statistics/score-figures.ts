/** Figures of a series in one run, from the sums that are maintained while it executes. Unknown figures are null, never 0. */
import type { ScoreDataType } from '../evaluation.ts'
import { hasValue } from '../score.ts'
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
