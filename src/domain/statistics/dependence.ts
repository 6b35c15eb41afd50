/** Whether items that share something differ alike, although they are taken for independent. */
import { type ClusterMoments, clusterMoments } from './clusters.ts'
import { regularizedBeta } from './regularized-beta.ts'
import { inOwnUnits, meanOf } from './stable-moments.ts'

/** A smaller design effect changes no verdict that anybody should rely on. */
const smallestEffect = 1.2
/** With fewer pairs that changed nothing can be said. */
const fewestChanges = 20

/**
 * @param clusters numbers from 0 of what the items share
 * @param level the probability of a false alarm
 * @returns null where nothing is to be warned of
 */
export function findClustering(
  differences: Float64Array,
  clusters: Int32Array,
  level: number,
): Pick<ClusterMoments, 'count' | 'icc' | 'designEffect'> | null {
  const changed = differences.reduce((count, difference) => count + (difference === 0 ? 0 : 1), 0)
  if (changed < fewestChanges) return null
  const { count, icc, designEffect } = clusterMoments(differences, clusters)
  if (icc === null || designEffect === null || designEffect < smallestEffect) return null
  const pValue = testClustering(differences, clusters)
  return pValue !== null && pValue <= level ? { count, icc, designEffect } : null
}

/**
 * The p value of one-way analysis of variance, among the items that share something with another: how often the clusters
 * would explain so much of the spread if the same differences were given to the items at random. Few and large
 * differences, as of yes/no scores, explain more by chance than F would have it.
 *
 * The explained share W of the spread has a known mean and variance over all ways to give them, and lies between 0 and 1:
 * p is that of the Beta distribution with both. Pitman, Biometrika 29 (1938); Box & Andersen, JRSS B 17 (1955).
 *
 * @returns null with fewer than two clusters of two items, and without a spread
 */
export function testClustering(given: Float64Array, clusters: Int32Array): number | null {
  const differences = inOwnUnits(given)
  const sizes = sizesOf(clusters)
  const shared = differences.filter((_, item) => (sizes[clusters[item] as number] as number) > 1)
  const numbers = clusters.filter((cluster) => (sizes[cluster] as number) > 1)
  const mean = meanOf(shared)
  const n = shared.length
  const sums = new Float64Array(sizes.length)
  let [s2, s4] = [0, 0]
  for (let item = 0; item < n; item++) {
    const deviation = (shared[item] as number) - mean
    const cluster = numbers[item] as number
    sums[cluster] = (sums[cluster] as number) + deviation
    s2 += deviation ** 2
    s4 += deviation ** 4
  }
  const moments = new PermutationMoments(n, s2, s4)
  let explained = 0
  for (let cluster = 0; cluster < sizes.length; cluster++) {
    const size = sizes[cluster] as number
    if (size < 2) continue
    explained += (sums[cluster] as number) ** 2 / size
    moments.add(size)
  }
  const k = moments.clusters
  if (k < 2 || n <= k || !(s2 > 0)) return null
  const expected = (k - 1) / (n - 1)
  const variance = moments.expectedSquare() / s2 ** 2 - expected ** 2
  // Every way explains the same.
  if (!(variance > 0)) return 1
  const both = (expected * (1 - expected)) / variance - 1
  const share = Math.min(1, explained / s2)
  return both > 0 ? regularizedBeta(1 - share, (1 - expected) * both, expected * both, share) : 1
}

function sizesOf(clusters: Int32Array): Int32Array {
  const sizes = new Int32Array(clusters.reduce((largest, cluster) => Math.max(largest, cluster + 1), 0))
  for (const cluster of clusters) sizes[cluster] = (sizes[cluster] as number) + 1
  return sizes
}

/**
 * The mean of (Σ over clusters of sum²/size)² over all ways to give n values whose sum is 0 to the items, from the means of
 * products of values of different items: those of e⁴, e²f², e³f, e²fg and efgh.
 */
class PermutationMoments {
  clusters = 0
  readonly #four: number
  readonly #twoTwo: number
  readonly #threeOne: number
  readonly #twoOneOne: number
  readonly #ones: number
  #within = 0
  #others = 0
  #otherSquares = 0

  /** @param s2 sum of the squares, and `s4` of the fourth powers */
  constructor(n: number, s2: number, s4: number) {
    const two = n * (n - 1)
    this.#four = s4 / n
    this.#twoTwo = (s2 ** 2 - s4) / two
    this.#threeOne = -s4 / two
    this.#twoOneOne = n > 2 ? (2 * s4 - s2 ** 2) / (two * (n - 2)) : 0
    this.#ones = n > 3 ? (3 * s2 ** 2 - 6 * s4) / (two * (n - 2) * (n - 3)) : 0
  }

  add(size: number): void {
    const [one, two, three] = [size - 1, size - 2, size - 3]
    this.clusters += 1
    this.#within +=
      (this.#four +
        one * (4 * this.#threeOne + 3 * this.#twoTwo + 6 * two * this.#twoOneOne + two * three * this.#ones)) /
      size
    this.#others += one
    this.#otherSquares += one ** 2
  }

  expectedSquare(): number {
    const k = this.clusters
    const between =
      k * (k - 1) * this.#twoTwo +
      2 * (k - 1) * this.#others * this.#twoOneOne +
      (this.#others ** 2 - this.#otherSquares) * this.#ones
    return this.#within + between
  }
}
