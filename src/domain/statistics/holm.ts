/** A p value with its place in the family it was tested in. */
interface AdjustedPValue {
  /** Compare this with 0.05 instead of the raw p value. */
  readonly adjusted: number
  /** What the raw value was multiplied by at its own rank: family size for the smallest, 1 for the largest. */
  readonly multiplier: number
}

/**
 * Holm's step-down adjustment: keeps the chance of even one false alarm in the whole family at the nominal level,
 * whatever the dependence between the tests.
 *
 * With p₍₁₎ ≤ … ≤ p₍ₖ₎: adjusted₍ᵢ₎ = max over j ≤ i of min(1, (k − j + 1) p₍ⱼ₎).
 * Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).
 *
 * @returns one entry per given value, in the given order.
 */
export function holm(pValues: readonly number[]): AdjustedPValue[] {
  const ranked = pValues.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p)
  const result = new Array<AdjustedPValue>(pValues.length)
  let largest = 0
  ranked.forEach(({ p, index }, rank) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`expected p values between 0 and 1, got ${p}`)
    const multiplier = ranked.length - rank
    largest = Math.max(largest, Math.min(1, multiplier * p))
    result[index] = { adjusted: largest, multiplier }
  })
  return result
}
