/** Count, sum and squared deviations of a set of values: enough for the mean, the spread and the standard error. */
export interface ScoreMoments {
  count: number
  sum: number
  /** Sum of squared deviations from the mean. */
  m2: number
}

/** The smallest and the largest of some values; null without any. */
export interface Extremes {
  min: number | null
  max: number | null
}

export function extremesOf(values: readonly (number | null)[]): Extremes {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? { min: Math.min(...known), max: Math.max(...known) } : { min: null, max: null }
}

export const noMoments: ScoreMoments = { count: 0, sum: 0, m2: 0 }

/** The moments after adding a value (Welford, Technometrics 4(3), 1962). */
export function addValue({ count, sum, m2 }: ScoreMoments, value: number): ScoreMoments {
  const deviation = count === 0 ? 0 : value - sum / count
  return { count: count + 1, sum: sum + value, m2: m2 + (deviation * deviation * count) / (count + 1) }
}

/** The moments after removing one of their values. */
function removeValue({ count, sum, m2 }: ScoreMoments, value: number): ScoreMoments {
  if (count <= 1) return noMoments
  const rest = { count: count - 1, sum: sum - value }
  const deviation = value - rest.sum / rest.count
  return { ...rest, m2: Math.max(0, m2 - (deviation * deviation * rest.count) / count) }
}

/** The counts of one score of a run: the moments of its values, and failed evaluations. */
export interface ScoreTally extends ScoreMoments {
  errorCount: number
}

/** A score as it is counted: a failure, a number, or something without a mean. */
export interface CountedScore {
  value: number | null
  error?: unknown
}

/** The tally after replacing some of its scores. */
export function replaceScores(
  tally: ScoreTally,
  { removed, added }: { removed: readonly CountedScore[]; added: readonly CountedScore[] },
): ScoreTally {
  return added.reduce(addScore, removed.reduce(removeScore, tally))
}

function addScore(tally: ScoreTally, { value, error }: CountedScore): ScoreTally {
  if (error) return { ...tally, errorCount: tally.errorCount + 1 }
  return value === null ? { ...tally, count: tally.count + 1 } : { ...tally, ...addValue(tally, value) }
}

function removeScore(tally: ScoreTally, { value, error }: CountedScore): ScoreTally {
  if (error) return { ...tally, errorCount: tally.errorCount - 1 }
  return value === null ? { ...tally, count: tally.count - 1 } : { ...tally, ...removeValue(tally, value) }
}
