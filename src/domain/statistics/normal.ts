import { bisect } from './bisect.ts'

const sqrtTwoPi = 2.506_628_274_631_000_7

/** Half the width of a 95 % interval in standard errors: the 97.5 % point of the standard normal. */
export const z95 = 1.959_963_984_540_054

/**
 * Φ(z), the probability that a standard normal is at most z, to about 1e-13 relative in both tails.
 *
 * Near 0 the series ½ + φ(z) (z + z³/3 + z⁵/15 + …) (Marsaglia 2004, equation 3), beyond 2.5 the continued fraction of
 * the tail φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))) (Abramowitz & Stegun 26.2.14).
 */
export function normalCdf(z: number): number {
  const density = Math.exp((-z * z) / 2) / sqrtTwoPi
  const size = Math.abs(z)
  if (size >= 2.5) {
    let fraction = size
    for (let k = 100; k >= 1; k--) fraction = size + k / fraction
    return z < 0 ? density / fraction : 1 - density / fraction
  }
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + density * sum
}

/** Φ⁻¹(p) for 0 < p < 1: the z with `normalCdf(z)` = p. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Expected a probability strictly between 0 and 1, got ${p}.`)
  if (p === 0.5) return 0
  if (p > 0.5) return -normalQuantile(1 - p)
  return bisect((z) => normalCdf(z) < p, -39, 0)
}
