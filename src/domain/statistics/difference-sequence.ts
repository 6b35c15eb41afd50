/**
 * An anytime-valid interval for the mean paired difference on items like these: it may be looked at, and acted on, after
 * every pair, and the probability that it ever misses the truth is still at most 5 %.
 *
 * Betting: a gambler starts with 1 and bets, before each pair, that the mean difference exceeds δ. If it does not, the
 * probability of ever multiplying the money by 40 is at most 1 in 40 (Ville's inequality); so a δ at which the money
 * reached 40 is ruled out. One gambler bets on "greater", one on "less", each with error 2.5 %.
 *
 * With differences d in [−R, R] and money split evenly over the fractions f:
 * wealth(δ) = mean over f of Π (1 − f + f (d + R) / (δ + R)).
 * Every factor falls as δ grows, so what is ruled out is always everything below a bound, and bounds only ever tighten
 * (running intersection). Bounds move in steps; 0 and the margins, which decide, are tested exactly beside them.
 */
import { Wealth } from './betting.ts'
import { CoinTest } from './coin-test.ts'
import type { Interval } from './interval.ts'
import { type Side, sideOf } from './point-test.ts'

/** Bounds move in steps of R / 1,000; 0 lies between two steps. */
const maxSteps = 2_000
/** Differences that are remembered as they are; later ones are rounded to as many steps. */
const maxDistinct = 4_096

export interface SequenceOptions {
  /** The margin to test beside 0, in the units of the score; 0 for none. */
  readonly margin?: number
  /** Every difference is 0 or the range: pairs of yes and no, one execution each. */
  readonly binary?: boolean
  /** False: only the tests are wanted, which is ten times as fast; the interval is then what they have shown. */
  readonly hasBounds?: boolean
}

export class DifferenceSequence {
  readonly #range: number
  readonly #below = new LowerBound()
  readonly #above = new LowerBound()
  /** Of 0, of minus and of plus the margin. */
  readonly #tests: MeanTest[]
  readonly #coin: CoinTest | null
  readonly #hasBounds: boolean
  #count = 0
  #contradicted = false

  /**
   * @param range the largest possible |difference|: high − low for a score in [low, high]. Metrics without bounds
   *   (latency, cost) have no such sequence.
   * @throws RangeError when `range` is not a positive finite number.
   */
  constructor(range: number, { margin = 0, binary = false, hasBounds = true }: SequenceOptions = {}) {
    if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected the width of the score's bounds to be a positive finite number, got ${range}.`)
    }
    this.#range = range
    this.#hasBounds = hasBounds
    this.#coin = binary ? new CoinTest() : null
    const points = margin > 0 ? [-margin / range, margin / range] : []
    this.#tests = (binary ? points : [0, ...points]).map((mean) => new MeanTest(mean))
  }

  /**
   * Adds the candidate − baseline of the next pair, in schedule order. The same pushes always give the same intervals.
   * Takes about 1 µs, plus the cost of moving a bound: at most 2,000 times per sequence, each O(distinct differences).
   *
   * @param highest the largest difference that the pair may have, where a value is missing; `difference` is then the
   *   smallest
   * @param weight of a mean of several, as a share of the largest one's: how much is bet on it
   * @throws RangeError when a difference is out of range; nothing is added then.
   */
  push(difference: number, highest = difference, weight = 1): void {
    const low = scaled(difference, this.#range)
    const high = scaled(highest, this.#range)
    this.#count++
    if (this.#contradicted) return
    if (this.#hasBounds) {
      this.#below.push(low, weight)
      this.#above.push(-high, weight)
    }
    for (const test of this.#tests) test.push(low, high, weight)
    this.#coin?.push(low, high)
    const { low: lowest, high: largest } = this.#shown()
    this.#contradicted = lowest > largest
  }

  /** Pairs added. */
  get count(): number {
    return this.#count
  }

  /** On which side of a tested mean, which is 0 or the given margin with either sign, the mean was shown to be. */
  side(mean: number): Side | null {
    if (this.#contradicted) return null
    if (mean === 0 && this.#coin) return this.#coin.side
    return this.#tests.find((test) => test.mean === mean / this.#range)?.side ?? null
  }

  /**
   * The current 95 % interval: [−range, range] before the first pair, never wider than before. 0 as an end is excluded,
   * and so is the margin. Null for good once later pairs contradict earlier ones so strongly that no mean fits both: the
   * differences drift, and no earlier interval holds.
   */
  interval(): Interval | null {
    if (this.#contradicted) return null
    const { low, high } = this.#shown()
    return { low: this.#range * low, high: this.#range * high }
  }

  #shown(): Interval {
    let low = this.#below.bound
    let high = 0 - this.#above.bound
    const narrow = (mean: number, side: Side | null) => {
      if (side === 'ABOVE') low = Math.max(low, mean)
      if (side === 'BELOW') high = Math.min(high, mean)
    }
    for (const { mean, side } of this.#tests) narrow(mean, side)
    narrow(0, this.#coin?.side ?? null)
    return { low, high }
  }
}

/** @throws RangeError when the difference is beyond the range */
export function scaled(difference: number, range: number): number {
  const share = difference / range
  if (!(Math.abs(share) <= 1 + 1e-9)) {
    throw new RangeError(
      `Expected a difference within ±${range}, got ${difference}; the score is outside its declared bounds.`,
    )
  }
  return Math.min(1, Math.max(-1, share))
}

/** Two gamblers against one mean, in units of the range. */
class MeanTest {
  readonly mean: number
  readonly #greater = new Wealth()
  readonly #less = new Wealth()
  side: Side | null = null

  constructor(mean: number) {
    this.mean = mean
  }

  push(low: number, high: number, weight: number): void {
    if (this.side) return
    if (Math.abs(this.mean) >= 1) {
      this.side = this.mean < 0 ? 'ABOVE' : 'BELOW'
      return
    }
    this.#greater.bet(weight * ((low + 1) / (this.mean + 1) - 1))
    this.#less.bet(weight * ((1 - high) / (1 - this.mean) - 1))
    this.side = sideOf(this.#greater.value, this.#less.value)
  }
}

/** How often each difference of one weight came. */
interface Counted {
  readonly places: Map<number, number>
  readonly values: number[]
  readonly times: number[]
}

/** The gambler who bets on "greater"; differences and bound in units of the range. */
class LowerBound {
  readonly #counted = new Map<number, Counted>()
  #distinct = 0
  readonly #wealth = new Wealth()
  /** Steps ruled out; the wealth above is that of betting against the next one. */
  #steps = 0

  get bound(): number {
    return this.#steps === 0 ? -1 : meanOf(this.#steps - 1)
  }

  push(given: number, weight: number): void {
    const difference = this.#count(given, weight)
    if (this.#steps === maxSteps) return
    this.#bet(difference, 1, weight)
    while (this.#wealth.value >= 40) {
      this.#steps++
      this.#wealth.reset()
      if (this.#steps === maxSteps) return
      for (const [weight, { values, times }] of this.#counted) {
        for (const [place, value] of values.entries()) this.#bet(value, times[place] as number, weight)
      }
    }
  }

  /** @returns the difference, rounded against the gambler once there are too many to remember */
  #count(given: number, weight: number): number {
    let counted = this.#counted.get(weight)
    if (!counted) {
      counted = { places: new Map(), values: [], times: [] }
      this.#counted.set(weight, counted)
    }
    const { places, values, times } = counted
    let difference = given
    let place = places.get(difference)
    if (place === undefined && this.#distinct >= maxDistinct) {
      difference = Math.floor(given * maxDistinct) / maxDistinct
      place = places.get(difference)
    }
    if (place === undefined) {
      place = values.push(difference) - 1
      times.push(0)
      places.set(difference, place)
      this.#distinct += 1
    }
    times[place] = (times[place] as number) + 1
    return difference
  }

  #bet(difference: number, times: number, weight: number): void {
    this.#wealth.bet(weight * ((difference + 1) / (meanOf(this.#steps) + 1) - 1), times)
  }
}

function meanOf(step: number): number {
  return (2 * step + 1) / maxSteps - 1
}
