/** Which labels items had in the baseline, and which they have in a candidate. */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { executionScore } from '../../domain/score-series.ts'
import { stuartMaxwell } from '../../domain/statistics/stuart-maxwell.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import { alignCandidate, loadComparedValues } from './compared-values.ts'
import { type Comparison, isComplete, isScoredAlike } from './comparison.ts'
import { describeCompared } from './counted-scores.ts'
import type { RunLabels } from './run-labels.ts'
import type { RunValues } from './run-values.ts'

export interface LabelTransition {
  from: string
  to: string
  count: number
}

export interface LabelChanges {
  candidate: Run
  /** Items with one label in both runs. */
  pairs: number
  /** Of them, those with the same label. */
  unchanged: number
  /** How many items went from one label to another, or kept it; the most frequent first, those with 0 left out. */
  transitions: LabelTransition[]
  /** Against "every label is as frequent as before", of independent items; null until both runs are complete. */
  pValue: number | null
  degreesOfFreedom: number
}

/**
 * With repetitions an item has the label that most of them have; where several are equally frequent it has none.
 * @throws {InvalidInputError} a metric without categories
 */
export async function labelChanges(
  db: ReadableDatabase,
  comparison: Comparison,
  metric: ComparedMetric,
  path: string[],
): Promise<LabelChanges[]> {
  if (metric.dataType !== 'CATEGORICAL') {
    throw new InvalidInputError(`Expected a CATEGORICAL score, got ${describeCompared(metric)}.`, path)
  }
  const { baseline, candidates, includesUnlike } = comparison
  if (!baseline) return []
  const labelled = { ...metric, countedAs: { pass: null, success: [''] } }
  const values = await loadComparedValues(db, comparison, [labelled])
  const found = values.runs.map((run, index) => labelsOfItems(run, values.labels[index] as RunLabels, metric))
  return candidates.map((candidate, index) => {
    const { aligned } = alignCandidate(values, index)
    const isAlike = includesUnlike || isScoredAlike(metric, index)
    const pairs = Array.from(isAlike ? aligned.baseline : [], (from, place) => ({
      from: found[0]?.[from] ?? null,
      to: found[index + 1]?.[aligned.candidate[place] as number] ?? null,
    })).flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]))
    const names = [...new Set(pairs.flatMap(({ from, to }) => [from, to]))].sort()
    const places = new Map(names.map((name, place) => [name, place]))
    const counts = names.map(() => names.map(() => 0))
    for (const { from, to } of pairs) {
      const row = counts[places.get(from) as number] as number[]
      row[places.get(to) as number] = (row[places.get(to) as number] as number) + 1
    }
    const { pValue, degreesOfFreedom } = stuartMaxwell(counts)
    return {
      candidate,
      pairs: pairs.length,
      unchanged: pairs.filter(({ from, to }) => from === to).length,
      transitions: names
        .flatMap((from, row) => names.map((to, column) => ({ from, to, count: counts[row]?.[column] ?? 0 })))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count),
      pValue: isComplete(baseline, candidate) && pairs.length > 0 ? pValue : null,
      degreesOfFreedom,
    }
  })
}

/** By position; null: none, or several are equally frequent. */
function labelsOfItems(
  { itemIds, repetitions }: RunValues,
  labels: RunLabels,
  { metric }: ComparedMetric,
): (string | null)[] {
  if (metric.kind !== 'SCORE') return []
  return Array.from(itemIds, (_, position) => {
    const own = Array.from({ length: repetitions }, (_, repetition) =>
      labels.labelOf(metric, position * repetitions + repetition),
    ).filter((label) => label != null)
    if (own.length <= 1) return own[0] ?? null
    return executionScore(own.map((label) => ({ value: null, label, failed: false }))).label
  })
}
