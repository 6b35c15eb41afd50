/**
 * A bet against the claim that a mean is at most some value: the money multiplies by at most 1 on average as long as the
 * claim is true, so it reaches 40 with a probability of at most 1 in 40, whenever one looks (Ville's inequality).
 *
 * Each of ten gamblers always bets the same share of the money, from 0.95, halved every second time, to 0.042; one of
 * them is within 20 % of the best share unless the effect takes more than some 10,000 pairs to see. Waudby-Smith &
 * Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), grid-Kelly bets.
 */
export const fractions = Float64Array.from({ length: 10 }, (_, i) => 0.95 * 2 ** (-i / 2))

/** Too little to ever matter again, and slow to calculate with. */
const lost = 1e-200

export class Wealth {
  readonly #money = new Float64Array(fractions.length).fill(1)
  #total = fractions.length

  /**
   * @param gain how much more (or, to −1, less) than the claimed mean came, as a share of how far that is from the lowest
   *   possible value: on average at most 0 if the claim is true
   * @param times that this came
   */
  bet(gain: number, times = 1): void {
    let total = 0
    for (let i = 0; i < fractions.length; i++) {
      const factor = 1 + (fractions[i] as number) * gain
      const made = (this.#money[i] as number) * (times === 1 ? factor : factor ** times)
      const money = made < lost ? 0 : made
      this.#money[i] = money
      total += money
    }
    this.#total = total
  }

  /** The mean of the ten. */
  get value(): number {
    return this.#total / fractions.length
  }

  reset(): void {
    this.#money.fill(1)
    this.#total = fractions.length
  }
}
