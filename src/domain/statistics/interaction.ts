/** Whether a difference is another one in one group of items than in another: one test, however many groups there are. */
import { clusterMoments } from './clusters.ts'
import { fUpperTail } from './f-distribution.ts'
import { choleskyFactor, solve } from './linear-equations.ts'
import { inOwnUnits, stableMoments } from './stable-moments.ts'
import { studentTail } from './student-tail.ts'

/** Pairs of one group. An item may be in several groups. */
export interface GroupOfPairs {
  /** Number of each pair among all, from 0. */
  readonly items: readonly number[]
}

export interface Interaction {
  /** Against "the mean difference is the same in all groups"; null with fewer than two groups of two pairs. */
  pValue: number | null
  /** Groups with two pairs at least: those that are tested. */
  groups: number
}

interface Estimate {
  items: readonly number[]
  mean: number
  variance: number
  freedom: number
}

/** From here on the approximations by F are within a tenth of a percent of 5 %. */
const manyFreedom = 50

/**
 * Groups that share neither items nor clusters: Welch's analysis of variance, which lets groups differ in spread; with
 * clusters the variance and the degrees of freedom of each mean are those of its clusters. Else Hotelling's T² with the
 * covariances of the means. Where every group has {@link manyFreedom}, both are compared with F. With smaller groups that
 * finds too many differences (among 20 groups of 10 in 6.6 %): there each mean counts as uncertain as Student's t with its
 * own degrees of freedom. Differences of yes/no scores count as if each group had one more pair that changed, so that a
 * group in which nothing changed is not taken for certain.
 * Welch, Biometrika 38 (1951); Hotelling, Annals of Mathematical Statistics 2 (1931); Fisher, Annals of Eugenics 6 (1935).
 *
 * @param clusters numbers from 0 of what the items belong to; null: they are independent
 * @param binary every difference is −1, 0 or 1
 */
export function testInteraction(
  given: Float64Array,
  groups: readonly GroupOfPairs[],
  clusters: Int32Array | null,
  binary: boolean,
): Interaction {
  const differences = inOwnUnits(given)
  const estimates = estimatesOf(differences, groups, clusters, binary)
  const none = { pValue: null, groups: estimates.length }
  if (estimates.length < 2) return none
  if (estimates.every(({ variance }) => variance === 0)) {
    const [first] = estimates
    return { ...none, pValue: estimates.every(({ mean }) => mean === first?.mean) ? 1 : null }
  }
  const isApart = areApart(estimates, clusters)
  return { ...none, pValue: isApart ? welch(estimates) : hotelling(estimates, differences, clusters) }
}

function estimatesOf(
  differences: Float64Array,
  groups: readonly GroupOfPairs[],
  clusters: Int32Array | null,
  binary: boolean,
): Estimate[] {
  const found = groups.flatMap(({ items }) => {
    const own = Float64Array.from(items, (item) => differences[item] as number)
    const { mean, stddev } = stableMoments(own)
    const n = own.length
    if (n < 2) return []
    if (!clusters) return [{ items, mean, variance: stddev ** 2 / n, freedom: n - 1 }]
    const moments = clusterMoments(own, renumbered(items, clusters))
    if (moments.count < 2) return []
    return [{ items, mean, variance: moments.standardError ** 2, freedom: moments.degreesOfFreedom }]
  })
  const more = binary ? 1 : found.some(({ variance }) => variance === 0) ? pooledVariance(differences, found) : 0
  return found.map((one) => ({
    ...one,
    variance: one.variance + more / (one.items.length * (one.items.length - 1)),
  }))
}

function renumbered(items: readonly number[], clusters: Int32Array): Int32Array {
  const numbers = new Map<number, number>()
  return Int32Array.from(items, (item) => {
    const cluster = clusters[item] as number
    const number = numbers.get(cluster) ?? numbers.size
    numbers.set(cluster, number)
    return number
  })
}

function pooledVariance(
  differences: Float64Array,
  groups: readonly { items: readonly number[]; mean: number }[],
): number {
  let [squares, freedom] = [0, 0]
  for (const { items, mean } of groups) {
    for (const item of items) squares += ((differences[item] as number) - mean) ** 2
    freedom += items.length - 1
  }
  return freedom > 0 ? squares / freedom : 0
}

function areApart(estimates: readonly Estimate[], clusters: Int32Array | null): boolean {
  const groupOf = new Map<number, number>()
  return estimates.every(({ items }, group) =>
    items.every((item) => {
      const unit = clusters ? (clusters[item] as number) : item
      if ((groupOf.get(unit) ?? group) !== group) return false
      groupOf.set(unit, group)
      return true
    }),
  )
}

function hasFew(estimates: readonly Estimate[]): boolean {
  return estimates.some(({ freedom }) => Math.round(freedom) < manyFreedom)
}

function welch(estimates: readonly Estimate[]): number {
  const k = estimates.length
  const weights = estimates.map(({ variance }) => 1 / variance)
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const mean = estimates.reduce((sum, one, i) => sum + (weights[i] as number) * one.mean, 0) / all
  const between = estimates.reduce((sum, one, i) => sum + (weights[i] as number) * (one.mean - mean) ** 2, 0)
  if (hasFew(estimates)) {
    const shares = weights.map((weight) => Math.sqrt(weight / all))
    return studentTail(freedomsOf(estimates), (values) => spreadOf(values, shares), between)
  }
  const uncertain = estimates.reduce(
    (sum, { freedom }, i) => sum + (1 - (weights[i] as number) / all) ** 2 / freedom,
    0,
  )
  const f = between / (k - 1) / (1 + ((2 * (k - 2)) / (k ** 2 - 1)) * uncertain)
  return fUpperTail(f, k - 1, (k ** 2 - 1) / (3 * uncertain))
}

function freedomsOf(estimates: readonly Estimate[]): number[] {
  return estimates.map(({ freedom }) => freedom)
}

/** Of values in units of their standard errors around their weighted mean. @param shares square roots of those of the weight */
function spreadOf(values: Float64Array, shares: readonly number[]): number {
  let [squares, mean] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    squares += value * value
    mean += (shares[i] as number) * value
  }
  return squares - mean * mean
}

function hotelling(
  estimates: readonly Estimate[],
  differences: Float64Array,
  clusters: Int32Array | null,
): number | null {
  const covariance = covariances(estimates, differences, clusters)
  const at = (i: number, j: number) => covariance[i]?.[j] ?? 0
  const others = estimates.slice(1).map((_, index) => index + 1)
  const ofContrasts = others.map((i) => others.map((j) => at(i, j) - at(i, 0) - at(0, j) + at(0, 0)))
  const inverse = others.map((_, i) =>
    solve(
      ofContrasts,
      others.map((_, j) => (i === j ? 1 : 0)),
    ),
  )
  // The groups are the same items.
  if (!isComplete(inverse)) return null
  const squareOf = (means: (group: number) => number) => {
    const first = means(0)
    return others.reduce((sum, i, row) => {
      const own = inverse[row] as number[]
      return (
        sum +
        (means(i) - first) * others.reduce((inner, j, place) => inner + (own[place] as number) * (means(j) - first), 0)
      )
    }, 0)
  }
  const square = squareOf((group) => (estimates[group] as Estimate).mean)
  if (hasFew(estimates)) {
    const factor = choleskyFactor(covariance)
    const means = new Float64Array(estimates.length)
    const spread = (values: Float64Array) => {
      for (const [group, row] of factor.entries()) {
        means[group] = row.reduce((sum, one, i) => sum + one * (values[i] as number), 0)
      }
      return squareOf((group) => means[group] as number)
    }
    return studentTail(freedomsOf(estimates), spread, square)
  }
  const freedom = Math.min(...freedomsOf(estimates))
  const [p, rest] = [others.length, freedom - others.length + 1]
  return rest > 0 ? fUpperTail((square * rest) / (freedom * p), p, rest) : null
}

function isComplete(rows: readonly (number[] | null)[]): rows is number[][] {
  return rows.every((row) => row !== null)
}

/** Of the means, by what the units that two groups share do to both; scaled to the variances of each. */
function covariances(
  estimates: readonly Estimate[],
  differences: Float64Array,
  clusters: Int32Array | null,
): number[][] {
  const moves = estimates.map(({ items, mean }) => {
    const own = new Map<number, number>()
    for (const item of items) {
      const unit = clusters ? (clusters[item] as number) : item
      own.set(unit, (own.get(unit) ?? 0) + ((differences[item] as number) - mean) / items.length)
    }
    return own
  })
  const squares = moves.map((own) => [...own.values()].reduce((sum, move) => sum + move * move, 0))
  return estimates.map((one, i) =>
    estimates.map((other, j) => {
      if (i === j) return one.variance
      const scale = Math.sqrt((squares[i] as number) * (squares[j] as number))
      if (scale === 0) return 0
      let shared = 0
      for (const [unit, move] of moves[i] as Map<number, number>) shared += move * (moves[j]?.get(unit) ?? 0)
      return (shared / scale) * Math.sqrt(one.variance * other.variance)
    }),
  )
}
