import { bisect } from './bisect.ts'
import { regularizedBeta } from './regularized-beta.ts'

/**
 * P(|T| ≥ |t|) for Student's t with `df` > 0 degrees of freedom: the two-sided p value.
 *
 * I_x(df/2, ½) with x = df / (df + t²) (Abramowitz & Stegun 26.7.1); to ten significant digits however small.
 */
export function studentTwoSided(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`Expected positive degrees of freedom, got ${df}.`)
  const square = t * t
  if (square === Number.POSITIVE_INFINITY) return 0
  return regularizedBeta(df / (df + square), df / 2, 0.5, square / (df + square))
}

/** The t with P(T ≤ t) = p for Student's t with `df` degrees of freedom, for 0 < p < 1. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Expected a probability strictly between 0 and 1, got ${p}.`)
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, df)
  const twoSided = 2 * (1 - p)
  let high = 1
  while (studentTwoSided(high, df) > twoSided) high *= 2
  return bisect((t) => studentTwoSided(t, df) > twoSided, 0, high)
}
