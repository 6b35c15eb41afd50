/**
 * Clusters of items in schedule order. A cluster counts when all of its items are settled: the clusters that end first
 * are a random choice, like the items, as long as the difference does not depend on the size of a cluster.
 */
import type { SettledDifferences, SettledPairs } from './settled-pairs.ts'

/** Candidate − baseline of a cluster, and its pairs as a share of the largest cluster. */
export interface ClusterDifference {
  lowest: number
  highest: number
  weight: number
}

interface Sums {
  lowest: number
  highest: number
  pairs: number
}

export class ClusterProgress {
  readonly #clusters: ReadonlyMap<number, number>
  readonly #left = new Map<number, number>()
  readonly #sums = new Map<number, Sums[]>()
  readonly #largest: number

  /**
   * @param itemIds of the items that are in both runs
   * @param clusters of the items that belong with others
   */
  constructor(itemIds: Float64Array, clusters: ReadonlyMap<number, number>) {
    this.#clusters = clusters
    for (const id of itemIds) {
      const cluster = clusters.get(id)
      if (cluster !== undefined) this.#left.set(cluster, (this.#left.get(cluster) ?? 0) + 1)
    }
    this.#largest = [...this.#left.values()].reduce((largest, size) => Math.max(largest, size), 1)
  }

  /** The clusters that the next settled items complete: of each series, and of failures last. */
  add({ itemIds, series, failed }: Pick<SettledPairs, 'itemIds' | 'series' | 'failed'>): ClusterDifference[][] {
    const metrics = [...series, failed]
    const completed = metrics.map((): ClusterDifference[] => [])
    for (let index = 0; index < itemIds.length; index++) {
      const cluster = this.#clusters.get(itemIds[index] as number)
      const sums = (cluster === undefined ? undefined : this.#sums.get(cluster)) ?? metrics.map(noSums)
      for (let metric = 0; metric < metrics.length; metric++) {
        const { lowest, highest } = metrics[metric] as SettledDifferences
        const own = sums[metric] as Sums
        if (Number.isNaN(lowest[index])) continue
        own.lowest += lowest[index] as number
        own.highest += highest[index] as number
        own.pairs += 1
      }
      const left = cluster === undefined ? 0 : (this.#left.get(cluster) ?? 1) - 1
      if (cluster !== undefined) {
        this.#left.set(cluster, left)
        if (left > 0) this.#sums.set(cluster, sums)
        else this.#sums.delete(cluster)
      }
      if (left > 0) continue
      for (const [metric, { lowest, highest, pairs }] of sums.entries()) {
        if (pairs === 0) continue
        completed[metric]?.push({ lowest: lowest / pairs, highest: highest / pairs, weight: pairs / this.#largest })
      }
    }
    return completed
  }
}

function noSums(): Sums {
  return { lowest: 0, highest: 0, pairs: 0 }
}
