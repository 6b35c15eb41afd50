import { type Side, sideOf } from './point-test.ts'

/**
 * How many gains and losses a gambler expects to have seen beforehand: 1 is ready for changes that all go one way, 25 for
 * ones that are nearly balanced.
 */
const expectations = [1, 5, 25]

/**
 * Whether pairs of yes and no change one way more often than the other, looked at after every pair. If neither way is
 * more likely, each pair that changed is the toss of a fair coin; the money is what a gambler makes of g gains and l
 * losses who learns the coin as it is tossed: 2^(g + l) · B(a + g, a + l) / B(a, a), split over three a.
 */
export class CoinTest {
  /** What is missing falls against whom it counts for. */
  readonly #gained = new Coin()
  readonly #lost = new Coin()
  side: Side | null = null

  /** @param low and `high`: −1, 0 or 1; different where a value is missing */
  push(low: number, high: number): void {
    if (this.side || (low === 0 && high === 0)) return
    this.#gained.toss(low)
    this.#lost.toss(high)
    // Half of the money was bet on either side; only the one that came up more often can have won.
    this.side = sideOf(
      this.#gained.balance > 0 ? 2 * this.#gained.money : 0,
      this.#lost.balance < 0 ? 2 * this.#lost.money : 0,
    )
  }
}

class Coin {
  readonly #money = expectations.map(() => 1)
  #gains = 0
  #losses = 0

  toss(change: number): void {
    if (change === 0) return
    for (let index = 0; index < expectations.length; index++) {
      const a = expectations[index] as number
      const seen = a + (change > 0 ? this.#gains : this.#losses)
      this.#money[index] = ((this.#money[index] as number) * 2 * seen) / (2 * a + this.#gains + this.#losses)
    }
    if (change > 0) this.#gains += 1
    else this.#losses += 1
  }

  get balance(): number {
    return this.#gains - this.#losses
  }

  get money(): number {
    return this.#money.reduce((sum, one) => sum + one, 0) / expectations.length
  }
}
