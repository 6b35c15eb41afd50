/** Observations that stand for different numbers of others. */

/** How many equal weights say as much as these: Kish (1965). */
export function effectiveCount(weights: readonly number[]): number {
  const [sum, squares] = weights.reduce<[number, number]>(([sum, squares], w) => [sum + w, squares + w * w], [0, 0])
  return squares === 0 ? 0 : (sum * sum) / squares
}

export function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const [sum, total] = values.reduce<[number, number]>(
    ([sum, total], value, index) => [sum + value * (weights[index] ?? 0), total + (weights[index] ?? 0)],
    [0, 0],
  )
  return sum / total
}

/**
 * The standard error of a weighted mean whose weights are inverse probabilities (Särndal, Swensson and Wretman 1992,
 * 5.7): that of the sample's mean where all are equal. At least two values.
 */
export function weightedError(values: readonly number[], weights: readonly number[]): number {
  const n = values.length
  const mean = weightedMean(values, weights)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const squares = values.reduce((sum, value, index) => sum + ((weights[index] ?? 0) * (value - mean)) ** 2, 0)
  return Math.sqrt((squares * n) / (n - 1)) / total
}
