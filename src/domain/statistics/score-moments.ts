/** Count, sum and squared deviations of a set of values: enough for the mean, the spread and the standard error. */
export interface ScoreMoments {
  /** The number of values. */
  items: number
  sum: number
  /** Sum of squared deviations from the mean. */
  m2: number
}

export const noMoments: Readonly<ScoreMoments> = { items: 0, sum: 0, m2: 0 }

/** Smaller values count as 0 in sums, whose squares and shares would otherwise be too small for a number. */
export const smallestSummand = 1e-100

function summand(value: number): number {
  return Math.abs(value) < smallestSummand ? 0 : value
}

/** Adds a value (Welford, Technometrics 4(3), 1962). */
export function addValue(moments: ScoreMoments, added: number): void {
  const value = summand(added)
  const { items, sum } = moments
  const deviation = items === 0 ? 0 : value - sum / items
  moments.m2 += (deviation * deviation * items) / (items + 1)
  moments.sum += value
  moments.items += 1
}

/**
 * Removes one of the values.
 * @returns whether the rest is as exact as if the value had never been added; not if it dominated the others
 */
export function removeValue(moments: ScoreMoments, removed: number): boolean {
  const value = summand(removed)
  const { items, sum, m2 } = moments
  if (items <= 1) {
    Object.assign(moments, noMoments)
    return true
  }
  const rest = sum - value
  const deviation = value - rest / (items - 1)
  const m2OfRest = m2 - (deviation * deviation * (items - 1)) / items
  Object.assign(moments, { items: items - 1, sum: rest, m2: Math.max(0, m2OfRest) })
  return m2 === 0 || m2OfRest > dominated * m2
}

/** A sum of squares that shrinks to this share has lost half of its digits. */
const dominated = 1e-8
