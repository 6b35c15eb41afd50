/** A p value and its adjustment within a family of tests. */
export interface AdjustedPValue {
  /** Compare this with 0.05 instead of the raw p value. */
  readonly adjusted: number
  /** The factor of the raw value at its rank: with equal weights family size for the smallest, 1 for the largest. */
  readonly multiplier: number
}

/**
 * Holm's step-down adjustment: keeps the probability of any false positive in the whole family at the nominal level,
 * whatever the dependence between the tests.
 *
 * With p₍₁₎/w₍₁₎ ≤ … ≤ p₍ₖ₎/w₍ₖ₎: adjusted₍ᵢ₎ = max over j ≤ i of min(1, (w₍ⱼ₎ + … + w₍ₖ₎) p₍ⱼ₎ / w₍ⱼ₎); with equal weights
 * the factor is k − j + 1. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6
 * (1979).
 *
 * @param weights positive, one per p value; default: equal
 * @returns one entry per p value, in input order.
 */
export function holm(pValues: readonly number[], weights: readonly number[] = pValues.map(() => 1)): AdjustedPValue[] {
  const ranked = pValues
    .map((p, index) => ({ p, index, weight: weights[index] ?? 1 }))
    .sort((x, y) => x.p / x.weight - y.p / y.weight)
  const result = new Array<AdjustedPValue>(pValues.length)
  let largest = 0
  ranked.forEach(({ p, index, weight }, rank) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`Expected p values between 0 and 1, got ${p}.`)
    const multiplier = ranked.slice(rank).reduce((sum, one) => sum + one.weight, 0) / weight
    largest = Math.max(largest, Math.min(1, multiplier * p))
    result[index] = { adjusted: largest, multiplier }
  })
  return result
}
