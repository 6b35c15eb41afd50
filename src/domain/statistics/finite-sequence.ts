/**
 * An anytime-valid interval for the mean difference on exactly these items, while they are being executed in random
 * order. What is still to come is finite: if the candidate won so far and the mean over all is 0, then it has to lose on
 * the rest, and the more so the less is left. So a difference shows earlier than on items like these, and when all items
 * are done the mean is known.
 *
 * The bets are those of `DifferenceSequence`, each against the mean of the items that are left: if the mean of all N
 * items is δ, that of the rest after t items with sum S is (Nδ − S) / (N − t). Waudby-Smith & Ramdas, "Confidence
 * sequences for sampling without replacement", NeurIPS 33 (2020). An item without a difference (its evaluator did not
 * apply) counts as one whose difference is δ: it takes part in the drawing and changes no sum.
 */
import { fractions, Wealth } from './betting.ts'
import { scaled } from './difference-sequence.ts'
import type { Interval } from './interval.ts'
import { type Side, sideOf } from './point-test.ts'

/** What was drawn, in units of the range: differences, lowest and highest possible; NaN for an item without one. */
interface Draws {
  readonly lowest: number[]
  readonly highest: number[]
}

/** The sums of what was drawn. */
interface Sums {
  drawn: number
  /** Of them with a difference. */
  pairs: number
  lowest: number
  highest: number
}

export class FiniteSequence {
  readonly #range: number
  readonly #items: number
  readonly #draws: Draws = { lowest: [], highest: [] }
  readonly #sums: Sums = { drawn: 0, pairs: 0, lowest: 0, highest: 0 }
  readonly #tests: FiniteTest[]

  /**
   * @param range as for `DifferenceSequence`
   * @param items the number of all items, with and without a difference
   * @param margin to test beside 0, in the units of the score; 0 for none
   */
  constructor(range: number, items: number, margin = 0) {
    if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected the width of the score's bounds to be a positive finite number, got ${range}.`)
    }
    this.#range = range
    this.#items = items
    const points = margin > 0 ? [0, -margin / range, margin / range] : [0]
    this.#tests = points.map((mean) => new FiniteTest(mean, items))
  }

  /**
   * Adds the next item of the schedule. O(1).
   * @param difference candidate − baseline; null: the item has none, and is not missing one either
   * @param highest as in `DifferenceSequence.push`
   * @throws RangeError when a difference is out of range, or after the last item; nothing is added then.
   */
  push(difference: number | null, highest = difference): void {
    if (this.#sums.drawn === this.#items)
      throw new RangeError(`Expected at most ${this.#items} items, got another one.`)
    const low = difference === null ? Number.NaN : scaled(difference, this.#range)
    const high = highest === null ? Number.NaN : scaled(highest, this.#range)
    for (const test of this.#tests) test.push(low, high, this.#sums)
    this.#draws.lowest.push(low)
    this.#draws.highest.push(high)
    add(this.#sums, low, high)
    for (const test of this.#tests) test.close(this.#sums)
  }

  /** Items with a difference so far. */
  get pairs(): number {
    return this.#sums.pairs
  }

  /** On which side of a tested mean, which is 0 or the given margin with either sign, the mean over all items is. */
  side(mean: number): Side | null {
    return this.#tests.find((test) => test.mean === mean / this.#range)?.side ?? null
  }

  /**
   * A function for the 95 % interval of the mean over all items, after what was drawn by now; null when what was drawn
   * contradicts itself. It reads every draw, O(items). 0 and the margin as ends are excluded, unless every item was
   * drawn.
   */
  interval(): () => Interval | null {
    const sums = { ...this.#sums }
    const sides = this.#tests.map(({ mean, side }) => ({ mean, side }))
    return () => {
      const { low, high } = intervalOf(this.#draws, sums, this.#items)
      const above = sides.filter(({ side }) => side === 'ABOVE').map(({ mean }) => mean)
      const below = sides.filter(({ side }) => side === 'BELOW').map(({ mean }) => mean)
      const shown = { low: Math.max(low, ...above), high: Math.min(high, ...below) }
      return shown.low > shown.high ? null : { low: this.#range * shown.low, high: this.#range * shown.high }
    }
  }
}

function add(sums: Sums, low: number, high: number): void {
  sums.drawn += 1
  if (Number.isNaN(low)) return
  sums.pairs += 1
  sums.lowest += low
  sums.highest += high
}

/** Two gamblers against one mean of all items. */
class FiniteTest {
  readonly mean: number
  readonly #items: number
  readonly #greater = new Wealth()
  readonly #less = new Wealth()
  side: Side | null = null

  constructor(mean: number, items: number) {
    this.mean = mean
    this.#items = items
  }

  push(low: number, high: number, { drawn, pairs, lowest, highest }: Sums): void {
    if (this.side || Math.abs(this.mean) >= 1) return
    const left = this.#items - drawn
    const greater = gainOf(low, this.mean, left, lowest, pairs)
    // The mirror image.
    const less = gainOf(0 - high, 0 - this.mean, left, 0 - highest, pairs)
    this.#greater.bet(greater)
    this.#less.bet(less)
    this.side = sideOf(this.#greater.value, this.#less.value)
  }

  /** What is certain, whatever is still to come. */
  close({ drawn, pairs, lowest, highest }: Sums): void {
    if (this.side || pairs === 0) return
    if (isAbove(lowest, this.mean, this.#items - drawn, pairs)) this.side = 'ABOVE'
    else if (isAbove(0 - highest, 0 - this.mean, this.#items - drawn, pairs)) this.side = 'BELOW'
  }
}

/** Whether the mean is above `mean` even if all that is left has the lowest possible difference. */
function isAbove(sum: number, mean: number, left: number, pairs: number): boolean {
  return sum - pairs * mean - left * (1 + mean) > 1e-9 * Math.max(1, pairs)
}

/**
 * How much more than the mean of the rest came, as a share of how far that is from the lowest possible value; values are
 * differences less `mean`, 0 for an item without one.
 */
function gainOf(difference: number, mean: number, left: number, sum: number, pairs: number): number {
  const value = Number.isNaN(difference) ? 0 : difference - mean
  const lowest = -1 - mean
  const expected = (pairs * mean - sum) / left
  const room = expected - lowest
  // The rest cannot have such a mean; `close` has said so.
  if (room <= 1e-12) return 0
  return (value - lowest) / room - 1
}

function intervalOf({ lowest, highest }: Draws, sums: Sums, items: number): Interval {
  if (sums.pairs === 0) return { low: -1, high: 1 }
  const low = lowOf(lowest, sums.drawn, items, sums.lowest, sums.pairs, 1)
  const high = 0 - lowOf(highest, sums.drawn, items, 0 - sums.highest, sums.pairs, -1)
  return { low, high }
}

/** @param sign −1: of the mirror image */
function lowOf(
  draws: readonly number[],
  drawn: number,
  items: number,
  sum: number,
  pairs: number,
  sign: 1 | -1,
): number {
  const left = items - drawn
  const certain = (sum - left) / (pairs + left)
  const observed = sum / pairs
  if (left === 0 || observed <= -1) return certain
  const isRuledOut = (mean: number) => wealthOf(draws, drawn, items, mean, sign) >= 40
  let low = Math.max(certain, -1 + 1e-9)
  if (!isRuledOut(low)) return certain
  let high = observed
  while (high - low > 1e-5) {
    const middle = low + (high - low) / 2
    if (isRuledOut(middle)) low = middle
    else high = middle
  }
  return low
}

/** The money of the gambler for "greater" than `mean` after these draws. */
function wealthOf(draws: readonly number[], drawn: number, items: number, mean: number, sign: 1 | -1): number {
  const money = new Float64Array(fractions.length).fill(1)
  let sum = 0
  let pairs = 0
  for (let t = 0; t < drawn; t++) {
    const difference = sign * (draws[t] as number)
    const gain = gainOf(difference, mean, items - t, sum, pairs)
    for (let i = 0; i < fractions.length; i++) {
      money[i] = (money[i] as number) * (1 + (fractions[i] as number) * gain)
    }
    if (!Number.isNaN(difference)) {
      sum += difference
      pairs += 1
    }
  }
  return money.reduce((total, one) => total + one, 0) / fractions.length
}
