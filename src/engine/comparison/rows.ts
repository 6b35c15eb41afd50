import type { Database, ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import type { Keyed, Page, PageRequest } from '../../db/keyset.ts'
import { pageBytes, type RowsWithinBytes } from '../../db/query-within-bytes.ts'
import { type CellPlaces, type CellValue, loadCells, loadCellValues } from '../../db/sql/comparison/load-cells.ts'
import { countComparisonItems, loadComparisonPage, type RowOrder } from '../../db/sql/comparison/load-page.ts'
import type { MetricValues } from '../../db/sql/comparison/metric-values.ts'
import type { CellChange, RowFilter } from '../../db/sql/comparison/row-filter.ts'
import type { ComparedRuns } from '../../db/sql/comparison/schedule-order.ts'
import { type LeftOut, type ListedRunItem, needing, nothingLeftOut } from '../../db/sql/run-item/listed-columns.ts'
import { LimitError } from '../../domain/errors.ts'
import { type ExecutionScore, executionScore, type SeriesKey } from '../../domain/score-series.ts'
import { change } from '../../domain/statistics/paired-moments.ts'
import { type ComparedMetric, valuesOf } from './compared-metrics.ts'
import type { Comparison } from './comparison.ts'
import { repetitionsOf } from './repetitions.ts'

/** An item with its results in each run. */
export interface ComparedRow {
  itemId: string
  /** One per run, baseline (if there is one) first; without items if the run does not have this one. */
  cells: ComparedCell[]
}

export interface ComparedCell {
  run: Run
  itemId: string
  /** All repetitions. */
  items: ListedRunItem[]
  /** One per score of the comparison, even if it is missing. */
  scores: CellScore[]
  /** Mean of the successful repetitions, in milliseconds. */
  latencyMs: number | null
  /** Mean of the repetitions whose cost is known. */
  costUsd: number | null
  /** The baseline's cell; null in that cell itself and without a baseline. */
  baseline: ComparedCell | null
}

export interface CellScore extends SeriesKey {
  dataType: ComparedMetric['dataType']
  /** Mean over the repetitions; failed ones count as the worst value where the score says so. */
  value: number | null
  /** The distinct labels. */
  label: string | null
  /** value − the baseline's; null in the baseline's cell, without a baseline, and where either is missing. */
  delta: number | null
  /** Null in the baseline's cell and without a baseline. */
  change: CellChange | null
}

/** Columns of executions that their cell is made of. */
const ofCell = ['costUsd'] as const

/** A score of the comparison, with how its values are read. */
type ComparedScore = ComparedMetric & Extract<MetricValues, SeriesKey>

/**
 * A page of aligned rows, in three statements at any size; in two more where runs that seemed alike have other items, and
 * again where rows are too large to be read together.
 * @param options.leftOut what need not be read of the executions; default: nothing
 * @param options.beside reads something else of the items of the page, at the same time as their results
 */
export async function comparisonRows(
  db: Database,
  comparison: Comparison,
  filter: RowFilter,
  order: RowOrder,
  page: PageRequest,
  {
    leftOut = nothingLeftOut,
    beside,
  }: { leftOut?: LeftOut; beside?: ((itemIds: readonly string[]) => Promise<void>) | undefined } = {},
): Promise<Page<ComparedRow>> {
  const found = await loadComparisonPage(db.pool, comparedRuns(comparison), filter, order, page)
  const items = page.backward ? found.rows.toReversed() : found.rows
  const placed = items.map(({ itemId, sortKey }) => ({ itemId, position: Number(sortKey.at(-1)) }))
  const itemIds = items.map(({ itemId }) => itemId)
  const [aligned] = await Promise.all([alignRows(db, comparison, placed, leftOut), beside?.(itemIds)])
  const rows = aligned.map((row, index): Keyed<ComparedRow> => ({ ...row, sortKey: items[index]?.sortKey ?? [] }))
  const cut = rows.length < items.length
  return {
    rows: page.backward ? rows.reverse() : rows,
    hasPreviousPage: found.hasPreviousPage || (cut && page.backward),
    hasNextPage: found.hasNextPage || (cut && !page.backward),
  }
}

/** The number of rows that the filter leaves, counted up to `limit`. */
export function countComparisonRows(
  db: Database,
  comparison: Comparison,
  filter: RowFilter,
  limit: number,
): Promise<number> {
  return countComparisonItems(db.pool, comparedRuns(comparison), filter, limit)
}

/**
 * The number of rows without a filter, where it is stored: if all runs are on one version of the dataset, and one of
 * them has all its items. Null elsewhere.
 */
export async function totalRows({ prisma }: Database, { runs }: Comparison): Promise<number | null> {
  const [version, ...others] = new Set(runs.map(({ datasetVersion }) => datasetVersion))
  const datasetId = runs[0]?.datasetId
  if (version === undefined || others.length > 0 || datasetId === undefined) return null
  const found = await prisma.datasetVersion.findUnique({
    where: { datasetId_version: { datasetId, version } },
    select: { itemCount: true },
  })
  const itemCount = found?.itemCount ?? null
  return itemCount !== null && runs.some((run) => run.total === itemCount * repetitionsOf(run)) ? itemCount : null
}

/** What the rows of a comparison are read by. */
export function comparedRuns({ runs }: Comparison): ComparedRuns {
  return {
    ids: runs.map((run) => run.id),
    datasetVersions: runs.map((run) => run.datasetVersion),
    repetitions: runs.map(repetitionsOf),
    seeds: runs.map((run) => run.seed),
  }
}

/** An item, and its position in the schedule of a run of the comparison. */
interface PlacedItem {
  itemId: string
  position: number
}

/**
 * The rows of these items of the comparison, in the given order; only of the first ones when their outputs are large.
 * @throws {LimitError} when the outputs of the first item alone are too large
 */
export async function alignRows(
  db: ReadableDatabase,
  comparison: Comparison,
  items: readonly PlacedItem[],
  leftOut: LeftOut,
): Promise<ComparedRow[]> {
  const { baseline, runs, metrics } = comparison
  if (items.length === 0) return []
  const runIds = runs.map((run) => run.id)
  const itemIds = items.map(({ itemId }) => itemId)
  const read = (places: CellPlaces) =>
    Promise.all([
      loadCells(db.pool, runIds, places, needing(leftOut, ofCell), itemIds.length > 1 ? 2 * pageBytes : 10 * pageBytes),
      loadCellValues(db.pool, runIds, places),
    ])
  const range = likelyRange(comparison, items)
  let found = range && (await read(range))
  if (!found || !haveAll(comparison, items, found[0])) {
    found = await read({ itemIds, positions: items.map(({ position }) => position) })
  }
  const [{ rows: executions, cut }, values] = found
  if (cut) {
    if (itemIds.length > 1) {
      const fitting = Math.floor(executions.length / runs.length)
      return alignRows(db, comparison, items.slice(0, Math.max(1, Math.min(fitting, items.length - 1))), leftOut)
    }
    throw new LimitError('The outputs of this item are too large to be compared; ask for fewer runs.')
  }
  const scores = metrics.flatMap((metric): ComparedScore[] => {
    const values = valuesOf(metric)
    return 'name' in values && metric.countedAs === null ? [{ ...metric, ...values }] : []
  })
  const resultsOf = groupResults(runIds, itemIds, executions, values)
  return itemIds.map((itemId, index) => {
    const results = resultsOf[index] ?? []
    const cells: ComparedCell[] = []
    for (const run of runs) {
      const first = (baseline && cells[0]) ?? null
      cells.push(cell({ run, itemId, baseline: first }, results[runIds.indexOf(run.id)] ?? noResults, scores, results))
    }
    return { itemId, cells }
  })
}

/** What one run has of one item. */
interface Results {
  items: ListedRunItem[]
  values: CellValue[]
}

const noResults: Results = { items: [], values: [] }

/** Of each item, what each run has of it. A run that is compared with itself has it where it is first. */
function groupResults(
  runIds: readonly string[],
  itemIds: readonly string[],
  executions: readonly ListedRunItem[],
  values: readonly CellValue[],
): Results[][] {
  const found = itemIds.map(() => runIds.map((): Results => ({ items: [], values: [] })))
  const ofItems = new Map(itemIds.map((id, index) => [BigInt(id), found[index]]))
  const ofExecutions = new Map<number, Results>()
  const executionOf = (run: number, ordinal: number) => ordinal * runIds.length + run
  for (const execution of executions) {
    const run = runIds.indexOf(execution.runId)
    const results = ofItems.get(execution.itemId)?.[run]
    if (!results) continue
    results.items.push(execution)
    ofExecutions.set(executionOf(run, execution.ordinal), results)
  }
  for (const value of values) ofExecutions.get(executionOf(value.run, value.ordinal))?.values.push(value)
  // The database gives them in no order, and the last digit of a mean depends on it.
  for (const { items, values } of found.flat()) if (items.length > 2) values.sort((a, b) => a.ordinal - b.ordinal)
  return found
}

/**
 * Where all runs should have these items: neighbours in one of them, if the others have the same order and as many items.
 * Null where they are not known to be.
 */
function likelyRange({ runs }: Comparison, items: readonly PlacedItem[]): CellPlaces | null {
  const [first, ...others] = runs
  const positions = items.map(({ position }) => position)
  const [low, high] = [Math.min(...positions), Math.max(...positions)]
  const isAlike = (run: Run) =>
    run.id !== first?.id &&
    run.seed === first?.seed &&
    run.total / repetitionsOf(run) === first.total / repetitionsOf(first)
  if (high - low >= items.length || !others.every(isAlike)) return null
  const ordinals = runs.map(repetitionsOf).map((repetitions) => ({
    from: low * repetitions,
    below: (high + 1) * repetitions,
  }))
  return { ordinals }
}

/** Whether these are all executions of the items, or of several as many as are read at once, and no others. */
function haveAll(
  { runs }: Comparison,
  items: readonly PlacedItem[],
  { rows, cut }: RowsWithinBytes<ListedRunItem>,
): boolean {
  const itemIds = new Set(items.map(({ itemId }) => BigInt(itemId)))
  const repetitions = runs.reduce((sum, run) => sum + repetitionsOf(run), 0)
  const isFull = cut ? items.length > 1 : rows.length === items.length * repetitions
  return isFull && rows.every(({ itemId }) => itemIds.has(itemId))
}

/** @param ofAllRuns what all runs have of the item */
function cell(
  { run, itemId, baseline }: Pick<ComparedCell, 'run' | 'itemId' | 'baseline'>,
  { items, values }: Results,
  compared: readonly ComparedScore[],
  ofAllRuns: readonly Results[],
): ComparedCell {
  const scores = compared.map((metric, index): CellScore => {
    const { name, source, dataType, kind } = metric
    const given = inSeries(values, metric)
    const own = executionsOf(given)
    const value = kind === 'SCORE' ? meanOver(own, valueIn, failuresOf(run, metric, items, given, ofAllRuns)) : null
    const label = kind === 'LABEL' ? labels(own.map(({ label }) => label)) : null
    const { delta, change } = changeFrom(baseline?.scores[index], { value, label }, metric)
    return { name, source, dataType, value, label, delta, change }
  })
  const [latencyMs, costUsd] = [meanOver(items, latencyOf), meanOver(items, costOf)]
  return { run, itemId, items, scores, latencyMs, costUsd, baseline }
}

const valueIn = ({ value }: Pick<ExecutionScore, 'value'>) => value

function latencyOf({ status, latencyMs }: ListedRunItem): number | null {
  return status === 'SUCCEEDED' ? latencyMs : null
}

function costOf({ status, cached, costUsd }: ListedRunItem): number | null {
  return (status === 'SUCCEEDED' || status === 'FAILED') && !cached ? (costUsd ?? null) : null
}

/** The mean of the values that these have, and of `more`. */
function meanOver<T>(all: readonly T[], valueOfOne: (one: T) => number | null, more: readonly number[] = none) {
  let [sum, count] = [0, more.length]
  for (const one of all) {
    const value = valueOfOne(one)
    if (value === null) continue
    sum += value
    count += 1
  }
  for (const value of more) sum += value
  return count === 0 ? null : sum / count
}

function inSeries(values: readonly CellValue[], { name, source }: SeriesKey): CellValue[] {
  return values.filter((score) => score.name === name && score.source === source)
}

/**
 * What the failed executions without a score count as, if they count: the worst value, where the item is scored in any
 * of the runs, or all others of this run were.
 */
function failuresOf(
  run: Run,
  metric: ComparedScore,
  items: readonly ListedRunItem[],
  given: readonly CellValue[],
  ofAllRuns: readonly Results[],
): readonly number[] {
  const { failuresCountAs, lackingRules } = metric
  if (failuresCountAs === null) return none
  const rule = lackingRules.find(({ runId }) => runId === run.id)
  if (!rule) return none
  const failed = items.filter(
    ({ status, ordinal }) => status === 'FAILED' && !given.some((score) => score.ordinal === ordinal),
  )
  const counts =
    failed.length > 0 && (rule.applies || ofAllRuns.some(({ values }) => inSeries(values, metric).length > 0))
  return counts ? failed.map(() => failuresCountAs) : none
}

const none: readonly number[] = []

function changeFrom(
  baseline: CellScore | undefined,
  { value, label }: Pick<CellScore, 'value' | 'label'>,
  { kind, direction }: ComparedScore,
): Pick<CellScore, 'delta' | 'change'> {
  if (!baseline) return { delta: null, change: null }
  if (kind === 'LABEL') {
    if (label === null || baseline.label === null) return { delta: null, change: 'MISSING' }
    return { delta: null, change: label === baseline.label ? 'UNCHANGED' : 'CHANGED' }
  }
  if (value === null || baseline.value === null) return { delta: null, change: 'MISSING' }
  const delta = change(baseline.value, value)
  if (delta === 0) return { delta, change: 'UNCHANGED' }
  if (direction === 'NONE') return { delta, change: 'CHANGED' }
  return { delta, change: delta > 0 === (direction === 'HIGHER_IS_BETTER') ? 'IMPROVED' : 'REGRESSED' }
}

function executionsOf(scores: readonly CellValue[]): readonly Pick<ExecutionScore, 'value' | 'label'>[] {
  if (scores.length <= 1) return scores
  return [...Map.groupBy(scores, ({ ordinal }) => ordinal).values()].map(executionScore)
}

function labels(values: readonly (string | null)[]): string | null {
  const distinct = [...new Set(values.filter((value) => value !== null))].sort()
  return distinct.length === 0 ? null : distinct.join(', ')
}
