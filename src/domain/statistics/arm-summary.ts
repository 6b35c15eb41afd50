/**
 * Mean, spread and standard error of one arm from running sums, so that a run's summary costs the same whatever its size.
 */

export interface ValueSums {
  /** n: how many values. */
  readonly count: number
  /** Σx */
  readonly sum: number
  /** Σx² */
  readonly sumOfSquares: number
}

/** Sums over items (clusters), where item i has nᵢ values (its repetitions) with the sum Sᵢ. */
export interface ClusterSums {
  /** G: how many items have at least one value. */
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

export interface ArmSummary {
  readonly mean: number | null
  /** Sample standard deviation, divisor n − 1; null for fewer than two values. */
  readonly stddev: number | null
  /** Standard error of the mean; null for fewer than two independent values. */
  readonly stderr: number | null
}

/**
 * mean = Σx / n, stddev = √((Σx² − (Σx)²/n) / (n − 1)), stderr = stddev / √n, for independent values.
 *
 * The subtraction loses digits when the mean is far larger than the spread: with double sums the relative error of stddev² is
 * about n · 1e-16 · (mean / stddev)². A remainder below that error is reported as 0, never as noise.
 */
export function summarizeValues({ count, sum, sumOfSquares }: ValueSums): ArmSummary {
  if (count === 0) return { mean: null, stddev: null, stderr: null }
  const mean = sum / count
  if (count < 2) return { mean, stddev: null, stderr: null }
  const stddev = Math.sqrt(remainder(sumOfSquares - sum * mean, sumOfSquares, count) / (count - 1))
  return { mean, stddev, stderr: stddev / Math.sqrt(count) }
}

/**
 * Standard error of the mean of all values when values of one item belong together (repetitions):
 * √(G/(G − 1) · Σ(Sᵢ − nᵢ m)²) / N, with m = ΣSᵢ / N and N = Σnᵢ. One value per item makes it stddev / √n.
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

function remainder(difference: number, largestTerm: number, terms: number): number {
  return difference > terms * Number.EPSILON * largestTerm ? difference : 0
}
