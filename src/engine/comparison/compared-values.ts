/** Everything that is computed from the values of all items of compared runs, read once. */
import type { ReadableDatabase } from '../../db/client.ts'
import { loadChangedItemIds } from '../../db/sql/comparison/changed-items.ts'
import { loadClusters } from '../../db/sql/comparison/load-clusters.ts'
import type { SeriesKey } from '../../domain/score-series.ts'
import { type ComparedMetric, valuesOf } from './compared-metrics.ts'
import { type Comparison, usedVersions } from './comparison.ts'
import { countedValues } from './counted-scores.ts'
import type { ItemValues } from './item-values.ts'
import { type MetricPairs, pairValues } from './metric-figures.ts'
import { loadRunLabels, type RunLabels } from './run-labels.ts'
import {
  type AlignedItems,
  alignItems,
  loadRunExecutions,
  loadRunScores,
  numberClusters,
  type RunExecutions,
  type RunScores,
  type RunValues,
  valuesOfItems,
} from './run-values.ts'

export interface ComparedValues {
  /** Baseline first. */
  runs: RunValues[]
  /** Of each run, where labels are needed. */
  labels: RunLabels[]
  /** Of each candidate: ids of the items whose content is not that of the baseline. */
  changed: Set<number>[]
  /** What the items belong to; null: they are independent. */
  clusters: Map<number, number> | null
}

/**
 * What these metrics need. All that is asked of one comparison is read at one time: its runs once, and the scores of all
 * the metrics that are asked for in one turn of the event loop together. Costs two or three statements a run.
 */
export function loadComparedValues(
  db: ReadableDatabase,
  comparison: Comparison,
  metrics: readonly ComparedMetric[] = comparison.metrics,
): Promise<ComparedValues> {
  const known = reads.get(comparison)
  const read = known?.isFrom(db) ? known : new ComparisonRead(db, comparison)
  reads.set(comparison, read)
  return read.of(metrics)
}

const reads = new WeakMap<Comparison, ComparisonRead>()

/** Scores that are read together. */
interface Batch {
  series: Map<string, SeriesKey>
  labelled: Map<string, SeriesKey>
  isOpen: boolean
  values: Promise<ComparedValues>
}

class ComparisonRead {
  readonly #db: ReadableDatabase
  readonly #comparison: Comparison
  readonly #batches: Batch[] = []
  #items: Promise<Omit<ComparedValues, 'runs' | 'labels'> & { executions: RunExecutions[] }> | null = null

  constructor(db: ReadableDatabase, comparison: Comparison) {
    this.#db = db
    this.#comparison = comparison
  }

  /** Not of another moment. */
  isFrom({ pool }: ReadableDatabase): boolean {
    return this.#db.pool === pool
  }

  of(metrics: readonly ComparedMetric[]): Promise<ComparedValues> {
    const series = distinct(metrics, (metric) => valuesOf(metric).kind === 'SCORE')
    const labelled = distinct(metrics, ({ countedAs }) => countedAs?.success != null)
    const hasAll = (batch: Batch) => isSubset(series, batch.series) && isSubset(labelled, batch.labelled)
    const batch = this.#batches.find(hasAll) ?? this.#batches.find(({ isOpen }) => isOpen) ?? this.#open()
    for (const [key, one] of series) batch.series.set(key, one)
    for (const [key, one] of labelled) batch.labelled.set(key, one)
    return batch.values
  }

  #open(): Batch {
    const { promise, resolve } = Promise.withResolvers<ComparedValues>()
    const batch: Batch = { series: new Map(), labelled: new Map(), isOpen: true, values: promise }
    this.#batches.push(batch)
    setImmediate(() => {
      batch.isOpen = false
      resolve(this.#read([...batch.series.values()], [...batch.labelled.values()]))
    })
    return batch
  }

  async #read(series: readonly SeriesKey[], labelled: readonly SeriesKey[]): Promise<ComparedValues> {
    const { pool } = this.#db
    const { runs } = this.#comparison
    this.#items ??= this.#readItems()
    const [{ executions, ...items }, scores, labels] = await Promise.all([
      this.#items,
      Promise.all(runs.map(({ id }) => loadRunScores(pool, id, series))),
      labelled.length > 0 ? Promise.all(runs.map(({ id }) => loadRunLabels(pool, id, labelled))) : [],
    ])
    return { runs: executions.map((own, run) => ({ ...own, ...(scores[run] as RunScores) })), labels, ...items }
  }

  async #readItems() {
    const { pool } = this.#db
    const { runs, candidates, clusterPath } = this.#comparison
    const [first] = runs
    const used = usedVersions(this.#comparison)
    const [executions, changed, clusters] = await Promise.all([
      Promise.all(runs.map((run) => loadRunExecutions(pool, run))),
      used ? loadChangedItemIds(pool, runs.length, used) : candidates.map(() => new Set<number>()),
      clusterPath.length > 0 && first
        ? loadClusters(pool, { datasetId: first.datasetId, version: first.datasetVersion, path: clusterPath })
        : null,
    ])
    return { executions, changed, clusters }
  }
}

function distinct(
  metrics: readonly ComparedMetric[],
  isWanted: (metric: ComparedMetric) => boolean,
): Map<string, SeriesKey> {
  const found = new Map<string, SeriesKey>()
  for (const compared of metrics) {
    const { metric } = compared
    if (metric.kind !== 'SCORE' || !isWanted(compared)) continue
    found.set(JSON.stringify([metric.name, metric.source]), { name: metric.name, source: metric.source })
  }
  return found
}

function isSubset(keys: ReadonlyMap<string, SeriesKey>, of: ReadonlyMap<string, SeriesKey>): boolean {
  return [...keys.keys()].every((key) => of.has(key))
}

/** Of a metric that has numbers, by the position of the items in the run. */
export function itemValuesOf({ runs, labels }: ComparedValues, run: number, metric: ComparedMetric): ItemValues {
  const values = runs[run] as RunValues
  return metric.countedAs ? countedValues(values, metric, labels[run] ?? null) : valuesOfItems(values, metric)
}

/** The items of the baseline and one candidate. */
export interface AlignedCandidate {
  aligned: AlignedItems
  /** Numbers of what they belong to; null: they are independent. */
  clusters: Int32Array | null
}

/** @param candidate its index */
export function alignCandidate({ runs, changed, clusters }: ComparedValues, candidate: number): AlignedCandidate {
  const [own, other] = [runs[0], runs[candidate + 1]] as [RunValues, RunValues]
  const aligned = alignItems(own, other, changed[candidate] ?? new Set())
  return { aligned, clusters: clusters && numberClusters(itemIdsOf(own, aligned), clusters) }
}

/** Of the aligned items. */
export function itemIdsOf(baseline: RunValues, { baseline: positions }: AlignedItems): Float64Array {
  return Float64Array.from(positions, (position) => baseline.itemIds[position] as number)
}

/** The pairs of a metric that has numbers. */
export function pairsOf(
  values: ComparedValues,
  candidate: number,
  metric: ComparedMetric,
  { aligned }: AlignedCandidate,
): MetricPairs {
  return pairValues(itemValuesOf(values, 0, metric), itemValuesOf(values, candidate + 1, metric), aligned)
}
