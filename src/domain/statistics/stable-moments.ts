/** Sums of any finite numbers that neither overflow nor cancel. */

/** Mean and sum of squared deviations; both 0 without values. */
export interface StableMoments {
  mean: number
  /** Sample standard deviation (divisor n − 1); 0 below two values. */
  stddev: number
}

/** The mean, to the last bits: Neumaier's compensated sum, ZAMM 54 (1974), of values scaled to at most 1. */
export function meanOf(values: ArrayLike<number>): number {
  const scale = scaleOf(values)
  return (compensatedSum(values, (value) => value / scale) / Math.max(1, values.length)) * scale
}

/** Two passes: the squares of deviations from the mean do not cancel. */
export function stableMoments(values: ArrayLike<number>): StableMoments {
  const count = values.length
  const scale = scaleOf(values)
  const mean = compensatedSum(values, (value) => value / scale) / Math.max(1, count)
  const squares = compensatedSum(values, (value) => (value / scale - mean) ** 2)
  return { mean: mean * scale, stddev: count < 2 ? 0 : Math.sqrt(squares / (count - 1)) * scale }
}

/**
 * What to divide values by so that their fourth powers neither overflow nor vanish: 1, or a power of two, so that dividing
 * is exact.
 */
export function scaleOf(values: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number))
  return largest === 0 || (largest > 1e-50 && largest < 1e50) ? 1 : 2 ** Math.floor(Math.log2(largest))
}

/** The values in such units; the same where that is 1. */
export function inOwnUnits(values: Float64Array): Float64Array {
  const scale = scaleOf(values)
  return scale === 1 ? values : values.map((value) => value / scale)
}

function compensatedSum(values: ArrayLike<number>, of: (value: number) => number): number {
  let sum = 0
  let lost = 0
  for (let i = 0; i < values.length; i++) {
    const value = of(values[i] as number)
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}
