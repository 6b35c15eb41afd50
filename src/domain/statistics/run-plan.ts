/** How many items a run needs to decide a comparison, before it is paid for. */
import { FiniteSequence } from './finite-sequence.ts'
import { pairsForMcNemar } from './mcnemar-power.ts'
import { normalQuantile, z95 } from './normal.ts'
import { seededRandom } from './seeded-random.ts'
import type { VarianceSplit } from './variance-split.ts'

/** What is to be shown: a difference of `size` if there is one, or that a loss of more than `size` is ruled out. */
export interface PlanGoal {
  kind: 'EFFECT' | 'MARGIN'
  /** In the units of the metric, more than 0. */
  size: number
}

/** What is known of the paired differences of items. */
export interface PlanBasis {
  /** Variance of the difference of one item, as both runs were executed. */
  variance: number
  /** Repetitions of both. */
  repetitions: number
  /** Null: neither run has repetitions. */
  split: VarianceSplit | null
  /** Of yes/no scores without repetitions: the share of pairs that change; null for others. */
  changed: number | null
  /** How many times the variance of the mean is that of so many independent items. */
  designEffect: number
}

/** More cannot be planned. */
export const mostItems = 100_000_000
/** The p value that decides: a primary metric, or one alone. */
const level = 0.05

/** The variance of the difference of one item with so many repetitions in both runs; null where it is not known. */
export function varianceWith(basis: PlanBasis, repetitions: number): number | null {
  if (repetitions === basis.repetitions) return basis.variance
  return basis.split && basis.split.items + basis.split.repetitions / repetitions
}

/**
 * The fewest items with which the goal is reached with this probability: the exact power of McNemar's test for yes/no
 * scores without repetitions, else ((z₁₋α⁄₂ + z_power)² · variance / size² + z²₁₋α⁄₂ / 2; Guenther, The American
 * Statistician 35 (1981)), times the design effect.
 * @param power above 0, below 1
 * @returns null where the variance is not known, or more than 100 million would be needed
 */
export function itemsNeeded(basis: PlanBasis, goal: PlanGoal, power: number, repetitions: number): number | null {
  const variance = varianceWith(basis, repetitions)
  if (variance === null) return null
  const independent = independentItems(basis, goal, power, repetitions, variance)
  if (independent === null) return null
  const items = Math.ceil(independent * Math.max(1, basis.designEffect))
  return items <= mostItems ? items : null
}

function independentItems(
  { changed }: PlanBasis,
  { kind, size }: PlanGoal,
  power: number,
  repetitions: number,
  variance: number,
): number | null {
  if (kind === 'EFFECT' && changed !== null && repetitions === 1) {
    if (size > 1) return null
    const share = Math.max(changed, size)
    return pairsForMcNemar((share + size) / 2, (share - size) / 2, level, power, mostItems)
  }
  const total = ((z95 + normalQuantile(power)) ** 2 * variance) / size ** 2 + z95 ** 2 / 2
  // Even if nothing changes, so many are needed to rule out a loss (Tango's interval).
  return kind === 'MARGIN' && changed !== null ? Math.max(total, z95 ** 2 * (1 / size - 1)) : total
}

/** The smallest size that so many items reach with this probability; null where the variance is not known. */
export function sizeReached(
  basis: PlanBasis,
  kind: PlanGoal['kind'],
  power: number,
  repetitions: number,
  items: number,
): number | null {
  const variance = varianceWith(basis, repetitions)
  const worth = items / Math.max(1, basis.designEffect) - z95 ** 2 / 2
  if (variance === null || worth < 2) return null
  const size = (z95 + normalQuantile(power)) * Math.sqrt(variance / worth)
  return kind === 'MARGIN' && basis.changed !== null ? Math.max(size, z95 ** 2 / (worth + z95 ** 2)) : size
}

/** Repetitions at most. */
const mostRepetitions = 20

/** The fewest repetitions with which so many items are enough; null where none are, or it is not known. */
export function repetitionsNeeded(basis: PlanBasis, goal: PlanGoal, power: number, items: number): number | null {
  for (let repetitions = 1; repetitions <= mostRepetitions; repetitions++) {
    const needed = itemsNeeded(basis, goal, power, repetitions)
    if (needed !== null && needed <= items) return repetitions
  }
  return null
}

/** Items drawn in all: a tenth of a second. */
const drawnInAll = 100_000
const mostOrders = 200
const seed = 20_261_126

/**
 * The mean number of items after which the sequence on exactly these items decides, if the goal is met: simulated in random
 * orders of so many differences with the planned mean and spread.
 * @param differences observed ones of single items, of which the others are drawn; of yes/no scores none are needed
 * @param range the largest possible |difference|
 * @returns null with more items than can be simulated
 */
export function expectedStop(
  basis: PlanBasis,
  goal: PlanGoal,
  { repetitions, items }: { repetitions: number; items: number },
  differences: ArrayLike<number>,
  range: number,
): number | null {
  if (items > drawnInAll) return null
  const random = seededRandom(seed)
  const planned = plannedDifferences(basis, goal, repetitions, items, differences, range, random)
  if (planned === null) return null
  const margin = goal.kind === 'MARGIN' ? goal.size : 0
  const orders = Math.max(1, Math.min(mostOrders, Math.floor(drawnInAll / items)))
  let drawn = 0
  for (let order = 0; order < orders; order++) {
    const sequence = new FiniteSequence(range, items, margin, false)
    for (let i = 0; i < items; i++) {
      const at = i + Math.floor(random() * (items - i))
      const next = planned[at] as number
      planned[at] = planned[i] as number
      planned[i] = next
      sequence.push(next)
      drawn += 1
      if (sequence.side(-margin) !== null) break
    }
  }
  return drawn / orders
}

function plannedDifferences(
  basis: PlanBasis,
  { kind, size }: PlanGoal,
  repetitions: number,
  items: number,
  observed: ArrayLike<number>,
  range: number,
  random: () => number,
): Float64Array | null {
  const mean = kind === 'EFFECT' ? size : 0
  if (basis.changed !== null && repetitions === 1) {
    const share = Math.max(basis.changed, mean)
    const [gained, lost] = [Math.round((items * (share + mean)) / 2), Math.round((items * (share - mean)) / 2)]
    return Float64Array.from({ length: items }, (_, i) => (i < gained ? range : i < gained + lost ? -range : 0))
  }
  const variance = varianceWith(basis, repetitions)
  if (variance === null || observed.length === 0) return null
  const scale = basis.variance > 0 ? Math.sqrt(variance / basis.variance) : 0
  const drawn = Float64Array.from({ length: items }, () => observed[Math.floor(random() * observed.length)] as number)
  const middle = drawn.reduce((sum, difference) => sum + difference, 0) / items
  return drawn.map((difference) => Math.min(range, Math.max(-range, mean + (difference - middle) * scale)))
}
