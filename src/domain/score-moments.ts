/** Count, sum and squared deviations of a set of values: enough for mean, spread and standard error. */
export interface ScoreMoments {
  count: number
  sum: number
  /** Sum of squared deviations from the mean. */
  m2: number
}

export const noMoments: ScoreMoments = { count: 0, sum: 0, m2: 0 }

/** The moments with one more value (Welford, Technometrics 4(3), 1962). */
export function addValue({ count, sum, m2 }: ScoreMoments, value: number): ScoreMoments {
  const deviation = count === 0 ? 0 : value - sum / count
  return { count: count + 1, sum: sum + value, m2: m2 + (deviation * deviation * count) / (count + 1) }
}

/** The moments without a value that is among them. */
export function removeValue({ count, sum, m2 }: ScoreMoments, value: number): ScoreMoments {
  if (count <= 1) return noMoments
  const rest = { count: count - 1, sum: sum - value }
  const deviation = value - rest.sum / rest.count
  return { ...rest, m2: Math.max(0, m2 - (deviation * deviation * rest.count) / count) }
}
