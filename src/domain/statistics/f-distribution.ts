import { normalCdf } from './normal.ts'
import { regularizedBeta } from './regularized-beta.ts'

/**
 * P(F ≥ f) for the F distribution: I_x(d2/2, d1/2) with x = d2 / (d2 + d1 f) (Abramowitz & Stegun 26.6.2).
 * @param d1 and `d2`: positive degrees of freedom, of the numerator and the denominator; not only whole ones
 */
export function fUpperTail(f: number, d1: number, d2: number): number {
  if (!(d1 > 0 && d2 > 0)) throw new RangeError(`Expected positive degrees of freedom, got ${d1} and ${d2}.`)
  if (!(f > 0)) return 1
  if (f === Number.POSITIVE_INFINITY) return 0
  return regularizedBeta(d2 / (d2 + d1 * f), d2 / 2, d1 / 2, (d1 * f) / (d2 + d1 * f))
}

/**
 * P(X ≥ x) for χ² with whole degrees of freedom: Q(k + 2) = Q(k) + (x/2)^(k/2) e^(−x/2) / Γ(k/2 + 1), from
 * Q(1) = 2 Φ(−√x) or Q(2) = e^(−x/2) (Abramowitz & Stegun 26.4.8).
 */
export function chiSquareUpperTail(x: number, df: number): number {
  if (!(Number.isInteger(df) && df > 0)) throw new RangeError(`Expected whole degrees of freedom > 0, got ${df}.`)
  if (!(x > 0)) return 1
  const isOdd = df % 2 === 1
  let tail = isOdd ? 2 * normalCdf(-Math.sqrt(x)) : Math.exp(-x / 2)
  // Of k = 1 or 2: (x/2)^(k/2) e^(−x/2) / Γ(k/2 + 1), with Γ(3/2) = √π / 2.
  let term = isOdd ? Math.sqrt((2 * x) / Math.PI) * Math.exp(-x / 2) : (x / 2) * Math.exp(-x / 2)
  for (let k = isOdd ? 1 : 2; k < df; k += 2) {
    tail += term
    term *= x / (k + 2)
  }
  return Math.min(1, tail)
}
