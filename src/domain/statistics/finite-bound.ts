/**
 * The largest mean of a finite number of items that a gambler who bets on "greater" has ruled out, in units of the range,
 * while they are drawn in random order. Takes the same time for every draw, and the same memory for any number.
 *
 * What a mean's gambler has made depends on the order of the draws, so it cannot be computed afterwards for a mean that
 * becomes interesting later: gamblers are at work on up to 24 means around the bound, the closer the narrower the
 * interval becomes. A new one starts with what is certain to have been made on its mean: each draw multiplies the money
 * by A + B / (aδ + b) with A, B and a ≥ 0, whose logarithm is convex in the mean δ. So the tangent of a neighbour's is
 * never above it, and betting with less than was made rules out less.
 */
import { fractions } from './betting.ts'

/** A draw: `1 + value` as a multiple of how far the mean of the rest is from the lowest value, which is aδ + b. */
export interface Draw {
  /** −1 to 1; NaN for an item without a difference, which counts as one whose difference is the mean. */
  value: number
  a: number
  b: number
}

interface Gamblers {
  mean: number
  /** Of each fraction. */
  money: Float64Array
  /** Slope of the tangent of the logarithm of the money. */
  slopes: Float64Array
}

const firstSpacing = 1 / 8
const smallestSpacing = 1e-5
/** Steps of the bound per spacing. */
const stepsPerSpacing = 8
/** Means between the bound and the observed mean, below which the spacing is halved. */
const fewest = 6
/** Means at most, above which the spacing is doubled. */
const most = 24
/** Spacings beyond the observed mean on which gamblers are at work. */
const beyond = 4

/** In all, over the fractions: 40 times what they started with. */
const enough = 40 * fractions.length

export class FiniteBound {
  #spacing = firstSpacing
  #around: Gamblers[] = Array.from({ length: 2 / firstSpacing }, (_, i) => started(-1 + (i + 0.5) * firstSpacing))
  #next = started(-1 + firstSpacing / stepsPerSpacing)
  #bound = -1

  /** −1 while nothing is ruled out. */
  get bound(): number {
    return this.#bound
  }

  /** @param observed the mean of what was drawn, with this draw */
  push(draw: Draw, observed: number): void {
    for (const gamblers of this.#around) bet(gamblers, draw)
    bet(this.#next, draw)
    if (totalOf(this.#next) >= enough) this.#advance()
    this.#follow(observed)
  }

  /** Moves the bound in steps that grow while they succeed. */
  #advance(): void {
    const shortest = this.#spacing / stepsPerSpacing
    this.#bound = this.#next.mean
    let step = shortest
    for (;;) {
      const further = Math.min(this.#bound + step, 1)
      const gamblers = this.#at(further)
      if (totalOf(gamblers) >= enough && further > this.#bound) {
        this.#next = gamblers
        this.#bound = further
        step *= 2
      } else if (step > shortest) step = shortest
      else {
        this.#next = gamblers
        return
      }
    }
  }

  /** Gamblers for a mean, with what is certain to have been made on it. */
  #at(mean: number): Gamblers {
    let nearest = this.#next
    const result = lineAt(nearest, mean)
    for (const other of this.#around) {
      if (Math.abs(other.mean - mean) > 2 * this.#spacing) continue
      nearest = lineAt(other, mean)
      for (let i = 0; i < fractions.length; i++) {
        if ((nearest.money[i] as number) <= (result.money[i] as number)) continue
        result.money[i] = nearest.money[i] as number
        result.slopes[i] = nearest.slopes[i] as number
      }
    }
    return result
  }

  #follow(observed: number): void {
    const isBehind = ({ mean }: Gamblers) => mean < this.#bound - 1.5 * this.#spacing
    while (this.#around.length > 2 && isBehind(this.#around[0] as Gamblers)) this.#around.shift()
    while (this.#isCoarse(observed)) {
      this.#spacing /= 2
      const finer: Gamblers[] = []
      for (const [index, gamblers] of this.#around.entries()) {
        if (index > 0) finer.push(this.#at(gamblers.mean - this.#spacing))
        finer.push(gamblers)
      }
      this.#around = finer.filter((one) => one.mean < observed + beyond * this.#spacing && !isBehind(one))
    }
    // The observed mean jumped: the old spacing would take too many to reach it.
    const gap = observed - (this.#around.at(-1) ?? this.#next).mean
    while (gap > 2 * beyond * this.#spacing) this.#spacing *= 2
    for (;;) {
      const last = (this.#around.at(-1) ?? this.#next).mean
      if (last >= observed + (beyond - 2) * this.#spacing || last + this.#spacing >= 1) break
      this.#around.push(this.#at(last + this.#spacing))
    }
    // The observed mean was close to the bound for a while and left it again.
    while (this.#around.length > most) {
      this.#spacing *= 2
      this.#around = this.#around.filter((_, index) => (this.#around.length - index) % 2 === 1)
    }
  }

  #isCoarse(observed: number): boolean {
    const distance = observed - this.#bound
    return this.#spacing > smallestSpacing && distance > 0 && distance < fewest * this.#spacing
  }
}

function started(mean: number): Gamblers {
  return { mean, money: new Float64Array(fractions.length).fill(1), slopes: new Float64Array(fractions.length) }
}

function bet({ mean, money, slopes }: Gamblers, { value, a, b }: Draw): void {
  const room = a * mean + b
  // The rest cannot have such a mean.
  if (room <= 1e-12) return
  const share = (Number.isNaN(value) ? 1 + mean : 1 + value) / room
  const slope = Number.isNaN(value) ? (b - a) / (room * room) : (-a * share) / room
  for (let i = 0; i < fractions.length; i++) {
    const fraction = fractions[i] as number
    const factor = 1 - fraction + fraction * share
    const made = (money[i] as number) * factor
    // Too little to ever matter again, or more than is needed.
    money[i] = made < 1e-200 ? 0 : Math.min(made, 1e200)
    slopes[i] = (slopes[i] as number) + (fraction * slope) / factor
  }
}

function totalOf({ money }: Gamblers): number {
  let sum = 0
  for (let i = 0; i < money.length; i++) sum += money[i] as number
  return sum
}

function lineAt({ mean, money, slopes }: Gamblers, at: number): Gamblers {
  return {
    mean: at,
    money: money.map((made, i) => Math.min(1e200, made * Math.exp((slopes[i] as number) * (at - mean)))),
    slopes: slopes.slice(),
  }
}
