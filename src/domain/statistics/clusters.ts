/**
 * Items that belong together, such as questions about one passage, are not independent: the unit is then the cluster.
 * How much they resemble each other does not have to be known.
 */
import { normalCdf } from './normal.ts'
import { stableMoments } from './stable-moments.ts'

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
  /** Variance of the mean over what it would be of independent items; null without spread. */
  designEffect: number | null
}

/**
 * With w = the share of a cluster in all pairs and s = Σ (d − δ) over its pairs: the variance of δ is
 * Σ s² / (1 − w) / n², which is unbiased for independent items (CR2), and its degrees of freedom are Satterthwaite's:
 * 1 / (Σ w² + Σ over g ≠ h of u(g) u(h)), u = w² / (1 − w). Clusters of one size have n_clusters − 1.
 * Bell & McCaffrey, Survey Methodology 28 (2002). The ICC is the one of one-way analysis of variance.
 *
 * @param clusters of each difference, numbered from 0
 */
export function clusterMoments(differences: Float64Array, clusters: Int32Array): ClusterMoments {
  const n = differences.length
  const { mean, stddev } = stableMoments(differences)
  const size = clusters.reduce((largest, cluster) => Math.max(largest, cluster + 1), 0)
  const [sizes, sums, deviations] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  for (let i = 0; i < n; i++) {
    const cluster = clusters[i] as number
    sizes[cluster] = (sizes[cluster] as number) + 1
    sums[cluster] = (sums[cluster] as number) + (differences[i] as number)
    deviations[cluster] = (deviations[cluster] as number) + ((differences[i] as number) - mean)
  }
  let [count, variance, squares, between, u, uu] = [0, 0, 0, 0, 0, 0]
  for (let cluster = 0; cluster < size; cluster++) {
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
  if (count < 2) return { count, standardError: 0, degreesOfFreedom: 0, sums, icc: null, designEffect: null }
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
  // Probability of each total, from −largest.
  let table = new Float64Array(2 * largest + 1)
  let reach = 0
  table[largest] = 1
  for (const one of changed) {
    const step = Math.abs(one)
    const next = new Float64Array(2 * largest + 1)
    for (let at = largest - reach; at <= largest + reach; at++) {
      const half = (table[at] as number) / 2
      if (half === 0) continue
      next[at - step] = (next[at - step] as number) + half
      next[at + step] = (next[at + step] as number) + half
    }
    reach += step
    table = next
  }
  let p = 0
  for (let at = total; at <= largest; at++) p += table[largest + at] as number
  return Math.min(1, 2 * p)
}
