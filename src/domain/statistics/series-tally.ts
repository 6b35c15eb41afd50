/** What is kept of the scores of a series in a run, and how it changes with them. */
import type { ScoreDataType } from '../evaluation.ts'
import { type ExecutionScore, executionScore, meanOf, type SeriesScore } from '../score-series.ts'
import { addValue, noMoments, removeValue, type ScoreMoments } from './score-moments.ts'

/** The moments are those of the items' values. */
export interface SeriesTally extends ScoreMoments {
  /** Executions with a value or label. */
  count: number
  /** Executions with nothing but failed evaluations. */
  errorCount: number
  /** Values and labels. */
  scoreCount: number
  /** The smallest and the largest value of an execution; null without any. */
  min: number | null
  max: number | null
}

export const emptyTally: Readonly<SeriesTally> = {
  count: 0,
  errorCount: 0,
  scoreCount: 0,
  ...noMoments,
  min: null,
  max: null,
}

/** How many executions have a label. */
export type LabelCounts = Map<string, number>

/** Adds an execution to counts and extremes, and its label, which counts for categories only. */
export function addExecution(
  tally: SeriesTally,
  labels: LabelCounts,
  dataType: ScoreDataType,
  { scores, value, label }: ExecutionScore,
): void {
  count(tally, labels, dataType, { scores, label }, 1)
  if (value === null) return
  tally.min = Math.min(tally.min ?? value, value)
  tally.max = Math.max(tally.max ?? value, value)
}

function count(
  tally: SeriesTally,
  labels: LabelCounts,
  dataType: ScoreDataType,
  { scores, label }: Pick<ExecutionScore, 'scores' | 'label'>,
  difference: 1 | -1,
): void {
  tally.scoreCount += difference * scores
  if (scores > 0) tally.count += difference
  else tally.errorCount += difference
  if (label !== null && dataType === 'CATEGORICAL') labels.set(label, (labels.get(label) ?? 0) + difference)
}

/** Some items of a series in a run: all of their scores, before and after a change. */
export interface ItemsChange {
  dataType: ScoreDataType
  repetitions: number
  before: readonly SeriesScore[]
  after: readonly SeriesScore[]
}

export interface ChangedTally {
  tally: SeriesTally
  /** The differences. */
  labels: LabelCounts
  /** Whether sums and extremes are exact; otherwise they have to be computed from the scores. */
  exact: boolean
}

/** The tally after some of its items changed. Costs the same for any number of other items. */
export function changeTally(old: SeriesTally, { dataType, repetitions, before, after }: ItemsChange): ChangedTally {
  const tally = { ...old }
  const labels: LabelCounts = new Map()
  const [were, are] = [executionsOf(before), executionsOf(after)]
  let exact = true
  for (const execution of are.values()) addExecution(tally, labels, dataType, execution)
  for (const [ordinal, execution] of were) {
    count(tally, labels, dataType, execution, -1)
    const { value } = execution
    const isExtreme = value !== null && (value <= (tally.min ?? value) || value >= (tally.max ?? value))
    if (isExtreme && are.get(ordinal)?.value !== value) exact = false
  }
  const [oldValues, newValues] = [itemValues(were, repetitions), itemValues(are, repetitions)]
  for (const [position, value] of newValues) if (oldValues.get(position) !== value) addValue(tally, value)
  for (const [position, value] of oldValues) {
    if (newValues.get(position) !== value) exact = removeValue(tally, value) && exact
  }
  if (tally.items === 0) Object.assign(tally, { min: null, max: null })
  return { tally, labels, exact: exact || tally.items === 0 }
}

/** By ordinal. */
function executionsOf(scores: readonly SeriesScore[]): Map<number, ExecutionScore> {
  const byOrdinal = Map.groupBy(scores, ({ ordinal }) => ordinal)
  return new Map([...byOrdinal].map(([ordinal, own]) => [ordinal, executionScore(own)]))
}

/** By position; without the items that have no value. */
function itemValues(executions: ReadonlyMap<number, ExecutionScore>, repetitions: number): Map<number, number> {
  const byItem = Map.groupBy(executions, ([ordinal]) => Math.floor(ordinal / repetitions))
  return new Map(
    [...byItem].flatMap(([position, own]) => {
      const value = meanOf(own.flatMap(([, { value }]) => value ?? []))
      return value === null ? [] : [[position, value] as const]
    }),
  )
}
