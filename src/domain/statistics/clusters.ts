/**
 * Items that belong together, such as questions about one passage, are not independent: the unit is then the cluster.
 * How much they resemble each other does not have to be known.
 */
import { normalCdf } from './normal.ts'
import { scaleOf, stableMoments } from './stable-moments.ts'

export interface ClusterMoments {
  /** Clusters with a pair. */
  count: number
  /** Of the mean difference; robust against any dependence within clusters. */
  standardError: number
  degreesOfFreedom: number
  /** Sum of the differences of each. */
  sums: Float64Array
  /** Correlation of two differences of one cluster: 0 for independent ones; null without two of one, or without spread. */
  icc: number | null
  /** Pairs of a cluster; of clusters of several sizes, by analysis of variance. */
  typicalSize: number
  /** Variance of the mean over what it would be of independent items; null without spread. */
  designEffect: number | null
}

/** Items of one cluster: how many, the sum of their values, and of those less the mean of all. */
export interface ClusterSums {
  sizes: Float64Array
  sums: Float64Array
  deviations: Float64Array
}

/** @param clusters of each difference, numbered from 0 */
export function clusterMoments(differences: Float64Array, clusters: Int32Array): ClusterMoments {
  const scale = scaleOf(differences)
  if (scale !== 1) {
    const scaled = clusterMoments(
      differences.map((difference) => difference / scale),
      clusters,
    )
    const [standardError, sums] = [scaled.standardError * scale, scaled.sums.map((sum) => sum * scale)]
    return { ...scaled, standardError, sums }
  }
  const { mean, stddev } = stableMoments(differences)
  const size = clusters.reduce((largest, cluster) => Math.max(largest, cluster + 1), 0)
  const [sizes, sums, deviations] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  for (let i = 0; i < differences.length; i++) {
    const cluster = clusters[i] as number
    sizes[cluster] = (sizes[cluster] as number) + 1
    sums[cluster] = (sums[cluster] as number) + (differences[i] as number)
    deviations[cluster] = (deviations[cluster] as number) + ((differences[i] as number) - mean)
  }
  return momentsOfClusters({ sizes, sums, deviations }, differences.length, stddev)
}

/**
 * With w = the share of a cluster in all pairs and s = Σ (d − δ) over its pairs: the variance of δ is
 * Σ s² / (1 − w) / n², which is unbiased for independent items (CR2), and its degrees of freedom are Satterthwaite's:
 * 1 / (Σ w² + Σ over g ≠ h of u(g) u(h)), u = w² / (1 − w). Clusters of one size have n_clusters − 1.
 * Bell & McCaffrey, Survey Methodology 28 (2002). The ICC is the one of one-way analysis of variance.
 *
 * @param stddev of all values (divisor n − 1)
 */
export function momentsOfClusters({ sizes, sums, deviations }: ClusterSums, n: number, stddev: number): ClusterMoments {
  let [count, variance, squares, between, u, uu] = [0, 0, 0, 0, 0, 0]
  for (let cluster = 0; cluster < sizes.length; cluster++) {
    const own = sizes[cluster] as number
    if (own === 0) continue
    const weight = own / n
    const deviation = (deviations[cluster] as number) / n
    const leverage = weight ** 2 / (1 - weight)
    count += 1
    variance += deviation ** 2 / (1 - weight)
    squares += weight ** 2
    between += (deviations[cluster] as number) ** 2 / own
    u += leverage
    uu += leverage ** 2
  }
  if (count < 2)
    return { count, standardError: 0, degreesOfFreedom: 0, sums, icc: null, typicalSize: n, designEffect: null }
  const within = Math.max(0, stddev ** 2 * (n - 1) - between)
  const meanBetween = between / (count - 1)
  const meanWithin = n > count ? within / (n - count) : 0
  const typicalSize = (n - squares * n) / (count - 1)
  const total = meanBetween + (typicalSize - 1) * meanWithin
  return {
    count,
    standardError: Math.sqrt(variance),
    degreesOfFreedom: 1 / (squares + u ** 2 - uu),
    sums,
    icc: n > count && total > 0 ? (meanBetween - meanWithin) / total : null,
    typicalSize,
    designEffect: stddev > 0 ? (variance * n) / stddev ** 2 : null,
  }
}

/** Sums of whole numbers up to here are counted exactly. */
const largestTable = 20_000_000

/**
 * Two-sided p value of the clusters' sums: under "no difference" each could as well have the other sign, and p is the
 * share of all 2^clusters choices of signs whose total is at least as far from 0. Exact for sums of whole numbers; above
 * some thousands of clusters, and for other sums, the normal approximation.
 */
export function signFlipTest(sums: Float64Array): number {
  const changed = sums.filter((sum) => sum !== 0)
  const total = Math.abs(changed.reduce((sum, one) => sum + one, 0))
  const largest = changed.reduce((sum, one) => sum + Math.abs(one), 0)
  if (total === 0) return 1
  const isCountable = changed.every(Number.isInteger) && largest * changed.length <= largestTable
  if (!isCountable) {
    const z = total / Math.sqrt(changed.reduce((sum, one) => sum + one * one, 0))
    return 2 * normalCdf(-z)
  }
  // Probability of each sum of those whose sign is +; the total is twice that, less `largest`.
  const table = new Float64Array(largest + 1)
  let reach = 0
  table[0] = 1
  for (const one of changed) {
    const step = Math.abs(one)
    reach += step
    for (let at = reach; at >= step; at--) table[at] = ((table[at] as number) + (table[at - step] as number)) / 2
    for (let at = step - 1; at >= 0; at--) table[at] = (table[at] as number) / 2
  }
  let p = 0
  for (let at = (largest + total) / 2; at <= largest; at++) p += table[at] as number
  return Math.min(1, 2 * p)
}
