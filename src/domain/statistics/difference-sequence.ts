/**
 * An anytime-valid interval for a mean paired difference: it may be looked at, and acted on, after every pair, and the
 * probability that it ever misses the truth is still at most 5 %.
 *
 * Betting: a gambler starts with 1 and bets, before each pair, that the mean difference exceeds δ. If it does not, the
 * probability of ever multiplying the money by 40 is at most 1 in 40 (Ville's inequality); so a δ at which the money
 * reached 40 is ruled out. One gambler bets on "greater", one on "less", each with error 2.5 %.
 *
 * With differences d in [−R, R] and money split evenly over the fractions f:
 * wealth(δ) = mean over f of Π (1 − f + f (d + R) / (δ + R)).
 * Every factor falls as δ grows, so what is ruled out is always everything below a bound, and bounds only ever tighten
 * (running intersection).
 *
 * Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), hedged grid-Kelly
 * bets.
 */
import type { Interval } from './interval.ts'

/** From 0.95, halved every second step, to 0.005: one of these is within 20 % of the best bet. */
const fractions = Float64Array.from({ length: 16 }, (_, i) => 0.95 * 2 ** (-i / 2))

/** Bounds move in steps of R / 1,000; 0 lies between two steps, so a bound is never 0 and never ambiguous about it. */
const maxSteps = 2_000

export class DifferenceSequence {
  readonly #range: number
  readonly #below: LowerBound
  readonly #above: LowerBound
  #count = 0
  #contradicted = false

  /**
   * @param range the largest possible |difference|: high − low for a score in [low, high]. Metrics without bounds
   *   (latency, cost) have no such sequence.
   * @throws RangeError when `range` is not a positive finite number.
   */
  constructor(range: number) {
    if (!(range > 0 && range < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected the width of the score's bounds to be a positive finite number, got ${range}.`)
    }
    this.#range = range
    this.#below = new LowerBound()
    this.#above = new LowerBound()
  }

  /**
   * Adds the candidate − baseline of the next pair, in schedule order. The same pushes always give the same intervals.
   * Takes about 1 µs, plus the cost of moving a bound: at most 2,000 times per sequence, each O(distinct differences).
   *
   * @throws RangeError when the difference is out of range; nothing is added then.
   */
  push(difference: number): void {
    const scaled = difference / this.#range
    if (!(Math.abs(scaled) <= 1 + 1e-9)) {
      throw new RangeError(
        `Expected a difference within ±${this.#range}, got ${difference}; the score is outside its declared bounds.`,
      )
    }
    this.#count++
    if (this.#contradicted) return
    const clamped = Math.min(1, Math.max(-1, scaled))
    this.#below.push(clamped)
    this.#above.push(-clamped)
    this.#contradicted = this.#below.bound > -this.#above.bound
  }

  /** Pairs added. */
  get count(): number {
    return this.#count
  }

  /**
   * The current 95 % interval: [−range, range] before the first pair, never wider than before. Null for good once later
   * pairs contradict earlier ones so strongly that no mean fits both: the differences drift, and no earlier interval
   * holds.
   */
  interval(): Interval | null {
    if (this.#contradicted) return null
    return { low: this.#range * this.#below.bound, high: -this.#range * this.#above.bound }
  }
}

/** The gambler who bets on "greater"; differences and bound in units of the range. */
class LowerBound {
  readonly #counts = new Map<number, number>()
  readonly #logWealth = new Float64Array(fractions.length)
  /** Steps ruled out; the wealth above is that of betting against the next one. */
  #steps = 0

  get bound(): number {
    return this.#steps === 0 ? -1 : candidateMean(this.#steps - 1)
  }

  push(difference: number): void {
    this.#counts.set(difference, (this.#counts.get(difference) ?? 0) + 1)
    if (this.#steps === maxSteps) return
    this.#bet(difference, 1)
    while (this.#ruledOut()) {
      this.#steps++
      this.#logWealth.fill(0)
      if (this.#steps === maxSteps) return
      for (const [value, times] of this.#counts) this.#bet(value, times)
    }
  }

  #bet(difference: number, times: number): void {
    const gain = (difference + 1) / (candidateMean(this.#steps) + 1) - 1
    for (let i = 0; i < fractions.length; i++) {
      this.#logWealth[i] = (this.#logWealth[i] as number) + times * Math.log1p((fractions[i] as number) * gain)
    }
  }

  /** The split money reached 2 / 0.05. */
  #ruledOut(): boolean {
    let wealth = 0
    for (const log of this.#logWealth) wealth += Math.exp(log)
    return wealth >= 40 * fractions.length
  }
}

function candidateMean(step: number): number {
  return (2 * step + 1) / maxSteps - 1
}
