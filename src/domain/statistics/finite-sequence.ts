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
import { Wealth } from './betting.ts'
import { scaled } from './difference-sequence.ts'
import { type Draw, FiniteBound } from './finite-bound.ts'
import type { Interval } from './interval.ts'
import { type Side, sideOf } from './point-test.ts'

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
  readonly #below = new FiniteBound()
  readonly #above = new FiniteBound()
  readonly #sums: Sums = { drawn: 0, pairs: 0, lowest: 0, highest: 0 }
  readonly #tests: FiniteTest[]
  readonly #hasBounds: boolean

  /**
   * @param range as for `DifferenceSequence`
   * @param items the number of all items, with and without a difference
   * @param margin to test beside 0, in the units of the score; 0 for none
   * @param hasBounds false: only the tests are wanted, which is ten times as fast; the interval is then what is certain
   */
  constructor(range: number, items: number, margin = 0, hasBounds = true) {
    if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected the width of the score's bounds to be a positive finite number, got ${range}.`)
    }
    this.#range = range
    this.#items = items
    this.#hasBounds = hasBounds
    const points = margin > 0 ? [0, -margin / range, margin / range] : [0]
    this.#tests = points.map((mean) => new FiniteTest(mean, items))
  }

  /**
   * Adds the next item of the schedule. O(1), some 10 µs.
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
    const below = drawOf(low, this.#items, this.#sums.drawn, this.#sums.pairs, this.#sums.lowest)
    const above = drawOf(0 - high, this.#items, this.#sums.drawn, this.#sums.pairs, 0 - this.#sums.highest)
    add(this.#sums, low, high)
    if (this.#hasBounds) {
      const { pairs, lowest: sum, highest: largest } = this.#sums
      this.#below.push(below, pairs === 0 ? 0 : sum / pairs)
      this.#above.push(above, pairs === 0 ? 0 : (0 - largest) / pairs)
    }
    for (const test of this.#tests) test.close(this.#sums)
  }

  /** Whether so many are all items, and none was added yet. */
  isAll(items: number): boolean {
    return this.#sums.drawn === 0 && items === this.#items
  }

  /**
   * Adds all items at once, of a sequence without any: at the end the mean is known, whatever the order was.
   * @throws RangeError when a difference is out of range, or they are not all items; NaN: as null in `push`
   */
  pushAll(differences: ArrayLike<number>, highest = differences): void {
    if (!this.isAll(differences.length)) {
      throw new RangeError(`Expected all ${this.#items} items at once, got ${differences.length}.`)
    }
    for (let i = 0; i < differences.length; i++) {
      const [low, high] = [differences[i] as number, highest[i] as number]
      if (Number.isNaN(low)) add(this.#sums, low, high)
      else add(this.#sums, scaled(low, this.#range), scaled(high, this.#range))
    }
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
   * The 95 % interval of the mean over all items; null when what was drawn contradicts itself. 0 and the margin as ends are
   * excluded, unless every item was drawn.
   */
  interval(): Interval | null {
    const { pairs, lowest, highest } = this.#sums
    if (pairs === 0) return { low: -this.#range, high: this.#range }
    const left = this.#items - this.#sums.drawn
    // What is certain: all that is left is as low, or as high, as it can be.
    const certain = { low: (lowest - left) / (pairs + left), high: (highest + left) / (pairs + left) }
    const isDone = left === 0
    const sides = isDone ? [] : this.#tests
    const above = sides.filter(({ side }) => side === 'ABOVE').map(({ mean }) => mean)
    const below = sides.filter(({ side }) => side === 'BELOW').map(({ mean }) => mean)
    const low = Math.max(certain.low, isDone ? certain.low : this.#below.bound, ...above)
    const high = Math.min(certain.high, isDone ? certain.high : 0 - this.#above.bound, ...below)
    return low > high ? null : { low: this.#range * low, high: this.#range * high }
  }
}

/** @param sum of the pairs drawn before this one */
function drawOf(value: number, items: number, drawn: number, pairs: number, sum: number): Draw {
  const left = items - drawn
  return { value, a: pairs / left + 1, b: 1 - sum / left }
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
    const isDone = drawn === this.#items
    if ((this.side && !isDone) || pairs === 0) return
    // Whatever was shown on the way, at the end it is known.
    if (isDone) this.side = null
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
