/** The differences of settled items in schedule order, with what is lacking as low and as high as it can be. */
import type { Queryable } from '../../db/client.ts'
import { executionStatus, loadScoreColumns } from '../../db/sql/comparison/load-run-columns.ts'
import { loadSettledItems, type SequenceRange, type SettledExecutions } from '../../db/sql/comparison/load-sequence.ts'
import type { LackingRule } from '../../domain/lacking-values.ts'
import type { SeriesKey } from '../../domain/score-series.ts'
import { change } from '../../domain/statistics/paired-moments.ts'
import { averageExecutions, type ItemValues, type ScoreOf, scoreRange, scoresByOrdinal } from './item-values.ts'
import type { RunValues } from './run-values.ts'

/** Candidate − baseline of one metric, an entry per item of both runs; NaN: the item has no pair. */
export interface SettledDifferences {
  lowest: Float64Array
  highest: Float64Array
}

export interface SettledPairs {
  /** The first unsettled position, or the one after the positions read. */
  frontier: number
  /** In the order of the series. */
  series: SettledDifferences[]
  failed: SettledDifferences
}

/** The values of settled items of one run, by position from the start of the range. */
interface SettledValues {
  series: ItemValues[]
  failed: ItemValues
}

/**
 * The next settled range of a schedule.
 * @param rules of the series, for both runs
 */
export async function loadSettledPairs(
  db: Queryable,
  range: SequenceRange,
  series: readonly SeriesKey[],
  rules: readonly LackingRule[],
): Promise<SettledPairs> {
  const { frontier, baseline, candidate, changed } = await loadSettledItems(db, range)
  const positions = { from: range.from, count: frontier - range.from }
  const [own, other] = await Promise.all(
    [
      { id: range.baseline.id, executions: baseline },
      { id: range.candidate.id, executions: candidate },
    ].map(async ({ id, executions }) => {
      const scoreOf = await loadScores(db, id, series, executions)
      return settledValues(id, executions, positions, series, scoreOf, rules)
    }),
  )
  return { frontier, ...pairsOf(own as SettledValues, other as SettledValues, positions, changed) }
}

/**
 * The settled range of a whole schedule, of what was read already.
 * @param schedule the run whose schedule is followed
 * @param changed ids of the items whose content differs
 */
export function settledPairs(
  baseline: RunValues,
  candidate: RunValues,
  schedule: RunValues,
  series: readonly SeriesKey[],
  rules: readonly LackingRule[],
  changed: ReadonlySet<number>,
): SettledPairs {
  let frontier = 0
  const runs = [baseline, candidate]
  while (frontier < schedule.itemIds.length && isSettled(runs, schedule, frontier)) frontier += 1
  const positions = { from: 0, count: frontier }
  const [own, other] = runs.map((values) => {
    const executions = executionsOf(values, schedule, frontier)
    const indices = series.map(({ name, source }) =>
      values.series.findIndex((one) => one.name === name && one.source === source),
    )
    const scoreOf: ScoreOf = (index, ordinal) => values.scoreOf(indices[index] as number, ordinal)
    return settledValues(values.run.id, executions, positions, series, scoreOf, rules)
  })
  const left = new Set<number>()
  for (const id of changed) {
    const position = schedule.positions().get(id)
    if (position !== undefined) left.add(position)
  }
  return { frontier, ...pairsOf(own as SettledValues, other as SettledValues, positions, left) }
}

/** The position of an item of a schedule in another run; -1: it is not in it. */
function positionIn(values: RunValues, schedule: RunValues, position: number): number {
  const itemId = schedule.itemIds[position] as number
  return values.itemIds[position] === itemId ? position : (values.positions().get(itemId) ?? -1)
}

function isSettled(runs: readonly RunValues[], schedule: RunValues, scheduled: number): boolean {
  return runs.every((values) => {
    const { run, repetitions, statuses, seqs } = values
    const position = positionIn(values, schedule, scheduled)
    if (position < 0) return true
    for (let at = position * repetitions; at < (position + 1) * repetitions; at++) {
      if (statuses[at] === executionStatus.OPEN || (seqs[at] as number) > run.seq) return false
    }
    return true
  })
}

function executionsOf(values: RunValues, schedule: RunValues, frontier: number): SettledExecutions {
  const { repetitions, statuses } = values
  const size = frontier * repetitions
  const [positions, ordinals, failed] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)]
  let count = 0
  for (let position = 0; position < frontier; position++) {
    const own = positionIn(values, schedule, position)
    if (own < 0) continue
    for (let at = own * repetitions; at < (own + 1) * repetitions; at++) {
      positions[count] = position
      ordinals[count] = at
      failed[count] = statuses[at] === executionStatus.FAILED ? 1 : 0
      count += 1
    }
  }
  return {
    positions: positions.subarray(0, count),
    ordinals: ordinals.subarray(0, count),
    failed: failed.subarray(0, count),
  }
}

/** @param changed positions of the items whose content differs */
function pairsOf(
  own: SettledValues,
  other: SettledValues,
  { from, count }: { from: number; count: number },
  changed: ReadonlySet<number>,
): Omit<SettledPairs, 'frontier'> {
  const common: number[] = []
  for (let item = 0; item < count; item++) {
    if (own.failed.known[item] && other.failed.known[item]) common.push(item)
  }
  const isLeftOut = (item: number) => changed.size > 0 && changed.has(item + from)
  return {
    series: own.series.map((values, index) =>
      differencesOf(values, other.series[index] as ItemValues, common, isLeftOut),
    ),
    failed: differencesOf(own.failed, other.failed, common, isLeftOut),
  }
}

function differencesOf(
  before: ItemValues,
  after: ItemValues,
  items: readonly number[],
  isLeftOut: (item: number) => boolean,
): SettledDifferences {
  const lowest = new Float64Array(items.length).fill(Number.NaN)
  const highest = new Float64Array(items.length).fill(Number.NaN)
  for (const [index, item] of items.entries()) {
    if (!(before.known[item] || after.known[item]) || isLeftOut(item)) continue
    lowest[index] = change(before.highest[item] as number, after.lowest[item] as number)
    highest[index] = change(before.lowest[item] as number, after.highest[item] as number)
  }
  return { lowest, highest }
}

async function loadScores(
  db: Queryable,
  runId: string,
  series: readonly SeriesKey[],
  { ordinals }: SettledExecutions,
): Promise<ScoreOf> {
  if (ordinals.length === 0) return () => null
  let [first, last] = [Number.POSITIVE_INFINITY, -1]
  for (const ordinal of ordinals) {
    first = Math.min(first, ordinal)
    last = Math.max(last, ordinal)
  }
  const columns = await loadScoreColumns(db, runId, series, { first, last })
  return scoresByOrdinal(columns, series.length, { first, last })
}

function settledValues(
  runId: string,
  { positions, ordinals, failed }: SettledExecutions,
  { from, count }: { from: number; count: number },
  series: readonly SeriesKey[],
  scoreOf: ScoreOf,
  rules: readonly LackingRule[],
): SettledValues {
  const positionOf = (execution: number) => (positions[execution] as number) - from
  const average = (of: Parameters<typeof averageExecutions>[3]) =>
    averageExecutions(count, ordinals.length, positionOf, of)
  return {
    failed: average((execution) => {
      const value = failed[execution] as number
      return { value, lowest: value, highest: value, known: true }
    }),
    series: series.map(({ name, source }, index) => {
      const rule = rules.find((rule) => rule.runId === runId && rule.name === name && rule.source === source)
      return average((execution) =>
        scoreRange(scoreOf(index, ordinals[execution] as number), failed[execution] === 1, rule),
      )
    }),
  }
}
