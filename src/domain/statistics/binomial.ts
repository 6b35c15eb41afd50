import { regularizedBeta } from './regularized-beta.ts'

/**
 * P(X ≤ k), where X is the number of successes in n independent trials with probability p: I_{1−p}(n − k, k + 1)
 * (Abramowitz & Stegun 26.5.24), to ten significant digits.
 */
export function binomialCdf(k: number, n: number, p: number): number {
  if (!(Number.isInteger(k) && Number.isInteger(n) && n >= 0 && p >= 0 && p <= 1)) {
    throw new RangeError(`Expected whole k and n >= 0 and 0 <= p <= 1, got k = ${k}, n = ${n}, p = ${p}.`)
  }
  if (k < 0) return 0
  if (k >= n) return 1
  if (k === 0) return (1 - p) ** n
  return regularizedBeta(1 - p, n - k, k + 1, p)
}

/**
 * The exact two-sided sign test: `wins` heads in wins + losses tosses of a fair coin. p = min(1, 2 P(X ≤ min(wins,
 * losses))), which is 1 when the two differ by at most one, and without any toss.
 */
export function signTest(wins: number, losses: number): number {
  if (Math.abs(wins - losses) <= 1) return 1
  return 2 * binomialCdf(Math.min(wins, losses), wins + losses, 0.5)
}
