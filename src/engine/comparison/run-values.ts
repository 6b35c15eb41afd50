/** Everything that is compared of one run, read in two statements, by item. */
import type { Queryable } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import {
  type ExecutionColumns,
  executionStatus,
  loadExecutionColumns,
  loadScoreColumns,
} from '../../db/sql/comparison/load-run-columns.ts'
import type { SeriesKey } from '../../domain/score-series.ts'
import { type ComparedMetric, longestLatency } from './compared-metrics.ts'
import {
  averageExecutions,
  type ItemValues,
  type ScoreOf,
  scoreRange,
  scoresByOrdinal,
  type ValueRange,
} from './item-values.ts'
import { repetitionsOf } from './repetitions.ts'

/** What was executed. */
export interface RunExecutions {
  run: Run
  repetitions: number
  /** By position in the schedule. */
  itemIds: Float64Array
  /** The position of each item by its id. */
  positions: () => ReadonlyMap<number, number>
  /** By ordinal; those that were not executed are open. */
  statuses: Uint8Array
  seqs: Float64Array
  latencies: Float64Array
  costs: Float64Array
  cached: Uint8Array
}

/** What was scored. */
export interface RunScores {
  series: readonly SeriesKey[]
  scoreOf: ScoreOf
}

export type RunValues = RunExecutions & RunScores

/** Memory grows with the run, by 60 bytes an execution. */
export async function loadRunExecutions(db: Queryable, run: Run): Promise<RunExecutions> {
  const columns = await loadExecutionColumns(db, run.id)
  const repetitions = repetitionsOf(run)
  const count = columns.ordinals.reduce((last, ordinal) => Math.max(last, ordinal), -1) + 1
  const itemIds = new Float64Array(Math.ceil(count / repetitions))
  columns.ordinals.forEach((ordinal, index) => {
    itemIds[Math.floor(ordinal / repetitions)] = columns.itemIds[index] as number
  })
  let positions: Map<number, number> | null = null
  return {
    ...{ run, repetitions, itemIds },
    positions: () => {
      positions ??= new Map(Array.from(itemIds, (id, position) => [id, position]))
      return positions
    },
    statuses: Uint8Array.from(byOrdinal(columns, columns.statuses, count)),
    seqs: byOrdinal(columns, columns.seqs, count),
    latencies: byOrdinal(columns, columns.latencies, count),
    costs: byOrdinal(columns, columns.costs, count),
    cached: Uint8Array.from(byOrdinal(columns, columns.cached, count)),
  }
}

/** Memory grows by 13 bytes a score. */
export async function loadRunScores(db: Queryable, runId: string, series: readonly SeriesKey[]): Promise<RunScores> {
  const columns = await loadScoreColumns(db, runId, series)
  const last = columns.ordinals.reduce((largest, ordinal) => Math.max(largest, ordinal), -1)
  return { series, scoreOf: scoresByOrdinal(columns, series.length, { first: 0, last }) }
}

function byOrdinal({ ordinals }: ExecutionColumns, column: Float64Array | Int32Array, count: number): Float64Array {
  const result = new Float64Array(count)
  for (let index = 0; index < ordinals.length; index++) {
    result[ordinals[index] as number] = column[index] as number
  }
  return result
}

/** Whether an item was executed, at least one repetition. */
export function isExecuted({ statuses, repetitions }: RunValues, position: number): boolean {
  for (let at = position * repetitions; at < (position + 1) * repetitions; at++) {
    if (statuses[at] !== executionStatus.OPEN) return true
  }
  return false
}

type NumberMetric = Pick<ComparedMetric, 'metric' | 'lackingRules' | 'failuresCountAs'>

/** The values of a metric that has numbers. */
export function valuesOfItems(values: RunValues, metric: NumberMetric): ItemValues {
  const { repetitions, statuses, itemIds } = values
  return averageExecutions(
    itemIds.length,
    statuses.length,
    repetitions === 1 ? (ordinal) => ordinal : (ordinal) => Math.floor(ordinal / repetitions),
    rangeOf(values, metric),
  )
}

/** The values of a metric for each execution. */
export function rangeOf(
  { run, statuses, latencies, costs, cached, series, scoreOf }: RunValues,
  { metric, lackingRules, failuresCountAs }: NumberMetric,
): (ordinal: number) => ValueRange | null {
  const isFailed = (ordinal: number) => statuses[ordinal] === executionStatus.FAILED
  const exactly = (value: number) => ({ value, lowest: value, highest: value, known: true })
  switch (metric.kind) {
    case 'SCORE': {
      const isSame = ({ name, source }: SeriesKey) => name === metric.name && source === metric.source
      const index = series.findIndex(isSame)
      const rule = lackingRules.find((rule) => rule.runId === run.id && isSame(rule))
      return (ordinal) => scoreRange(scoreOf(index, ordinal), isFailed(ordinal), rule)
    }
    case 'LATENCY': {
      const highest = longestLatency(run)
      return (ordinal) => {
        if (statuses[ordinal] === executionStatus.OPEN) return null
        if (isFailed(ordinal)) {
          return failuresCountAs === null
            ? { value: Number.NaN, lowest: 0, highest, known: true }
            : exactly(failuresCountAs)
        }
        return exactly(latencies[ordinal] as number)
      }
    }
    case 'COST':
      return (ordinal) => {
        if (statuses[ordinal] === executionStatus.OPEN || cached[ordinal] === 1) return null
        const cost = costs[ordinal] as number
        return Number.isNaN(cost) ? { value: cost, lowest: 0, highest: 1, known: true } : exactly(cost)
      }
    case 'FAILED':
      return (ordinal) => (statuses[ordinal] === executionStatus.OPEN ? null : exactly(isFailed(ordinal) ? 1 : 0))
  }
}

/** The items of a candidate and the baseline, in an order that does not depend on which of the runs is the baseline. */
export interface AlignedItems {
  /** Positions of the items that are in both runs, and alike. */
  baseline: Int32Array
  candidate: Int32Array
  /** Items in either run, and alike. */
  items: number
  /** Of those in both: executed in both. */
  executed: number
  /** In both runs, but not alike. */
  changed: number
}

/** @param changed ids of the items that are not alike */
export function alignItems(baseline: RunValues, candidate: RunValues, changed: ReadonlySet<number>): AlignedItems {
  const { from, to } = commonPositions(baseline, candidate)
  const isAlike = from.map((position) => (changed.has(baseline.itemIds[position] as number) ? 0 : 1))
  const alike = (positions: Int32Array) =>
    changed.size === 0 ? positions : positions.filter((_, index) => isAlike[index])
  const [own, other] = [alike(from), alike(to)]
  let executed = 0
  for (const [index, position] of own.entries()) {
    if (isExecuted(baseline, position) && isExecuted(candidate, other[index] as number)) executed += 1
  }
  const changedItems = (values: RunValues) =>
    changed.size === 0 ? 0 : values.itemIds.reduce((sum, id) => sum + (changed.has(id) ? 1 : 0), 0)
  const alone = (values: RunValues) => values.itemIds.length - changedItems(values) - own.length
  return {
    baseline: own,
    candidate: other,
    items: own.length + alone(baseline) + alone(candidate),
    executed,
    changed: from.length - own.length,
  }
}

/** By position where both runs have the same schedule, else by id. */
function commonPositions(baseline: RunValues, candidate: RunValues): { from: Int32Array; to: Int32Array } {
  const { itemIds } = baseline
  if (itemIds.length === candidate.itemIds.length && itemIds.every((id, index) => id === candidate.itemIds[index])) {
    const all = Int32Array.from(itemIds, (_, index) => index)
    return { from: all, to: all }
  }
  const [own, other] = [baseline.positions(), candidate.positions()]
  const common = Float64Array.from(itemIds.filter((id) => other.has(id))).sort()
  const positionsIn = (positions: ReadonlyMap<number, number>) =>
    Int32Array.from(common, (id) => positions.get(id) as number)
  return { from: positionsIn(own), to: positionsIn(other) }
}

/** Ids of the items that are in both runs, alike or not. */
export function commonItemIds(baseline: RunValues, candidate: RunValues): Float64Array {
  const { from } = commonPositions(baseline, candidate)
  return Float64Array.from(from, (position) => baseline.itemIds[position] as number)
}

/** What items belong to: numbers from 0, of its own for an item that belongs with no other. */
export function numberClusters(itemIds: Iterable<number>, clusters: ReadonlyMap<number, number>): Int32Array {
  const numbers = new Map<number, number>()
  let next = 0
  return Int32Array.from(itemIds, (id) => {
    const cluster = clusters.get(id)
    const known = cluster === undefined ? undefined : numbers.get(cluster)
    if (known !== undefined) return known
    if (cluster !== undefined) numbers.set(cluster, next)
    return next++
  })
}
