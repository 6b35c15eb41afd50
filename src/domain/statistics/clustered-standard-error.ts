/** Sums over items (clusters), where item i has nᵢ values (its repetitions) with the sum Sᵢ. */
interface ClusterSums {
  /** G: the number of items with at least one value. */
  readonly clusters: number
  /** Σnᵢ */
  readonly count: number
  /** ΣSᵢ */
  readonly sum: number
  /** Σnᵢ² */
  readonly squaredCounts: number
  /** ΣSᵢ² */
  readonly squaredSums: number
  /** ΣnᵢSᵢ */
  readonly countTimesSum: number
}

/**
 * Standard error of the mean of all values when the values of one item (its repetitions) are not independent: √(G/(G −
 * 1) · Σ(Sᵢ − nᵢ m)²) / N, with m = ΣSᵢ / N and N = Σnᵢ. With one value per item this is stddev / √n.
 *
 * Liang & Zeger, Biometrika 73 (1986); for evaluations: Miller, "Adding Error Bars to Evals" (2024), section 2.2.
 *
 * @returns null for fewer than two items.
 */
export function clusteredStandardError(sums: ClusterSums): number | null {
  const { clusters, count, sum, squaredCounts, squaredSums, countTimesSum } = sums
  if (clusters < 2) return null
  const mean = sum / count
  const squares = squaredSums - 2 * mean * countTimesSum + mean * mean * squaredCounts
  const largestTerm = squaredSums + mean * mean * squaredCounts
  return Math.sqrt((clusters / (clusters - 1)) * remainder(squares, largestTerm, clusters)) / count
}

/** Subtracting nearly equal terms leaves rounding noise, which is not spread. */
function remainder(difference: number, largestTerm: number, terms: number): number {
  return difference > terms * Number.EPSILON * largestTerm ? difference : 0
}
