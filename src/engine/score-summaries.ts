/**
 * Keeps the summary of every series equal to what its scores say, whoever writes them. Results of a run without
 * repetitions only add items, so the recorder adds them up itself (execution/tally.ts) and the database merges; every
 * other change goes through here: what the changed items had is replaced by what they have now.
 */
import type { Queryable } from '../db/client.ts'
import type { LabelChange, SeriesRules, SummaryChange } from '../db/sql/score/summary-columns.ts'
import {
  deleteEmptySeries,
  loadSeries,
  type RunSeriesKey,
  refreshMoments,
  writeSummaries,
} from '../db/sql/score/write-summary.ts'
import type { SeriesScore } from '../domain/score-series.ts'
import { changeTally, emptyTally } from '../domain/statistics/series-tally.ts'

/** A score that was added or removed. */
export interface ChangedScore extends RunSeriesKey, SeriesScore {
  /** Of the run. */
  repetitions: number
}

interface Change {
  added: readonly ChangedScore[]
  removed: readonly ChangedScore[]
}

export interface ChangedSummaries {
  summaries: (SummaryChange & { runId: string })[]
  labels: (LabelChange & { runId: string })[]
  /** Series whose moments have to be computed from their scores, with {@link refreshMoments}. */
  inexact: RunSeriesKey[]
}

export function seriesKey({ runId, name, source }: RunSeriesKey): string {
  return JSON.stringify([runId, name, source])
}

/**
 * The summaries after a change of scores. The caller holds the locks of the runs.
 * @param written whether the scores have been written already
 * @param rulesOf the rules of a series that its run does not have yet
 */
export async function changeSummaries(
  client: Queryable,
  { added, removed }: Change,
  written: boolean,
  rulesOf: (key: RunSeriesKey) => SeriesRules,
): Promise<ChangedSummaries> {
  const changed = Map.groupBy([...added, ...removed], seriesKey)
  const keys = [...changed.values()].flatMap((scores) => {
    const [first] = scores
    if (!first) return []
    const { runId, name, source, repetitions } = first
    return [{ runId, name, source, repetitions, ordinals: executionsOfItems(scores, repetitions) }]
  })
  const stored = new Map((await loadSeries(client, keys)).map((series) => [seriesKey(series), series]))
  const [addedTo, removedFrom] = [Map.groupBy(added, seriesKey), Map.groupBy(removed, seriesKey)]
  const result: ChangedSummaries = { summaries: [], labels: [], inexact: [] }
  for (const { runId, name, source, repetitions } of keys) {
    const id = seriesKey({ runId, name, source })
    const series = stored.get(id)
    const rules = series?.stored?.rules ?? rulesOf({ runId, name, source })
    const scores = series?.scores ?? []
    const [plus, minus] = [addedTo.get(id) ?? [], removedFrom.get(id) ?? []]
    const { tally, labels, exact } = changeTally(series?.stored?.tally ?? emptyTally, {
      dataType: rules.dataType,
      repetitions,
      before: written ? without([...scores, ...minus], plus) : scores,
      after: written ? scores : without([...scores, ...plus], minus),
    })
    result.summaries.push({ runId, name, source, rules, tally })
    for (const [label, difference] of labels) {
      if (difference !== 0) result.labels.push({ runId, name, source, label, difference })
    }
    if (!exact) result.inexact.push({ runId, name, source })
  }
  return result
}

/** Writes the summaries after a change of scores that have been written. */
export async function updateSummaries(
  client: Queryable,
  change: Change,
  rulesOf: (key: RunSeriesKey) => SeriesRules,
): Promise<void> {
  const { summaries, labels, inexact } = await changeSummaries(client, change, true, rulesOf)
  if (summaries.length === 0) return
  await writeSummaries(client, summaries, labels)
  await refreshMoments(client, inexact)
  const empty = summaries.filter(({ tally: { scoreCount, errorCount } }) => scoreCount + errorCount === 0)
  if (empty.length > 0) await deleteEmptySeries(client, empty)
}

/** The executions of all items that have one of these scores. */
function executionsOfItems(scores: readonly SeriesScore[], repetitions: number): number[] {
  const positions = new Set(scores.map(({ ordinal }) => Math.floor(ordinal / repetitions)))
  return [...positions].flatMap((position) =>
    Array.from({ length: repetitions }, (_, repetition) => position * repetitions + repetition),
  )
}

/** The scores without one equal to each of `others`. */
function without(scores: readonly SeriesScore[], others: readonly SeriesScore[]): SeriesScore[] {
  const keyOf = ({ ordinal, value, label, failed }: SeriesScore) => JSON.stringify([ordinal, value, label, failed])
  const left = new Map<string, number>()
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1)
  return scores.filter((score) => {
    const count = left.get(keyOf(score)) ?? 0
    if (count > 0) left.set(keyOf(score), count - 1)
    return count === 0
  })
}
