/** Whether items that share something in their metadata differ alike: then they are less evidence than they look. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { loadSharedKeys, type MetadataKey } from '../../db/sql/comparison/load-item-groups.ts'
import type { ClusterMoments } from '../../domain/statistics/clusters.ts'
import { findClustering } from '../../domain/statistics/dependence.ts'
import { type ComparedMetric, valuesOf } from './compared-metrics.ts'
import { alignCandidate, type ComparedValues, itemIdsOf, loadComparedValues, pairsOf } from './compared-values.ts'
import { type Comparison, isScoredAlike } from './comparison.ts'
import { numberClusters, type RunValues } from './run-values.ts'

export interface Dependence {
  /** Where the metadata says what belongs together. */
  path: [string]
  metric: ComparedMetric
  candidate: Run
  clusters: Pick<ClusterMoments, 'count' | 'icc' | 'designEffect'>
}

/** The probability of a warning about independent items, over all keys, metrics and candidates. */
const level = 0.01

/**
 * The keys of the metadata by which the differences of items resemble each other, if none is named: those with the largest
 * effect first, each with the metric in which it is largest. Empty where a path is named. Reads all items.
 */
export async function findDependence(db: ReadableDatabase, comparison: Comparison): Promise<Dependence[]> {
  const { baseline, candidates, metrics, clusterPath, includesUnlike } = comparison
  if (!baseline || clusterPath.length > 0) return []
  const keys = await loadSharedKeys(db.pool, { datasetId: baseline.datasetId, version: baseline.datasetVersion })
  if (keys.length === 0) return []
  const tested = metrics.filter(
    (metric) => metric.asked && metric.direction !== 'NONE' && (metric.countedAs || valuesOf(metric).kind !== 'LABEL'),
  )
  const values = await loadComparedValues(db, comparison, tested)
  const share = level / (keys.length * tested.length * candidates.length)
  const found = candidates.flatMap((candidate, index) =>
    tested
      .filter((metric) => includesUnlike || isScoredAlike(metric, index))
      .flatMap((metric) => dependenceOf(values, index, metric, keys, share).map((one) => ({ ...one, candidate }))),
  )
  const largest = Map.groupBy(found, ({ path: [key] }) => key)
  return [...largest.values()]
    .flatMap((own) => own.toSorted((a, b) => effectOf(b) - effectOf(a)).slice(0, 1))
    .sort((a, b) => effectOf(b) - effectOf(a))
}

function effectOf({ clusters }: Pick<Dependence, 'clusters'>): number {
  return clusters.designEffect ?? 1
}

function dependenceOf(
  values: ComparedValues,
  candidate: number,
  metric: ComparedMetric,
  keys: readonly MetadataKey[],
  level: number,
): Omit<Dependence, 'candidate'>[] {
  const own = alignCandidate(values, candidate)
  const { items, differences } = pairsOf(values, candidate, metric, own)
  const ids = itemIdsOf(values.runs[0] as RunValues, own.aligned)
  const ofPairs = Float64Array.from(items, (item) => ids[item] as number)
  return keys.flatMap(({ key, itemIds, values: groups }) => {
    const byItem = new Map(Array.from(itemIds, (id, index) => [id, groups[index] as number]))
    const clusters = findClustering(differences, numberClusters(ofPairs, byItem), level)
    return clusters ? [{ path: [key] as [string], metric, clusters }] : []
  })
}
