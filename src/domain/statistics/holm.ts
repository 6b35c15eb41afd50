/** A p value and its adjustment within a family of tests. */
interface AdjustedPValue {
  /** Compare this with 0.05 instead of the raw p value. */
  readonly adjusted: number
  /** The factor of the raw value at its rank: family size for the smallest, 1 for the largest. */
  readonly multiplier: number
}

/**
 * Holm's step-down adjustment: keeps the probability of any false positive in the whole family at the nominal level,
 * whatever the dependence between the tests.
 *
 * With p₍₁₎ ≤ … ≤ p₍ₖ₎: adjusted₍ᵢ₎ = max over j ≤ i of min(1, (k − j + 1) p₍ⱼ₎).
 * Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).
 *
 * @returns one entry per p value, in input order.
 */
export function holm(pValues: readonly number[]): AdjustedPValue[] {
  const ranked = pValues.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p)
  const result = new Array<AdjustedPValue>(pValues.length)
  let largest = 0
  ranked.forEach(({ p, index }, rank) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`Expected p values between 0 and 1, got ${p}.`)
    const multiplier = ranked.length - rank
    largest = Math.max(largest, Math.min(1, multiplier * p))
    result[index] = { adjusted: largest, multiplier }
  })
  return result
}
