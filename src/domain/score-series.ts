/**
 * A series is the scores of one name from one source: evaluators, people and programs are never averaged together. An
 * execution of an item has one score in a series: the mean of its values, or the label that most of them have, none where
 * several are equally frequent. (Several come only from people and programs, one from each.) An item has the mean of its
 * executions.
 *
 * `src/db/sql/score/series.ts` says the same in SQL.
 */
import type { ScoreSource } from './evaluation.ts'

export interface SeriesKey {
  name: string
  source: ScoreSource
}

/** Which series of a name is meant where no source is named: the first that there is. */
export const sourcesByPreference = ['EVALUATOR', 'API', 'HUMAN'] as const satisfies readonly ScoreSource[]

/** In the order of lists: by name, then the preferred source first. */
export function compareSeries(a: SeriesKey, b: SeriesKey): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return sourcesByPreference.indexOf(a.source) - sourcesByPreference.indexOf(b.source)
}

/** The series with this name and source; without a source, the preferred one of that name. */
export function findSeries<Series extends SeriesKey>(
  all: readonly Series[],
  { name, source }: { name: string; source: ScoreSource | null },
): Series | undefined {
  return all
    .filter((series) => series.name === name && (source === null || series.source === source))
    .sort(compareSeries)[0]
}

/** A row of a series. */
export interface SeriesScore {
  /** Of the execution. */
  ordinal: number
  value: number | null
  label: string | null
  /** Whether its evaluator failed: it has neither a value nor a label then. */
  failed: boolean
}

/** What an execution has in a series. */
export interface ExecutionScore {
  /** Values and labels. */
  scores: number
  value: number | null
  label: string | null
}

/** @param scores those of one execution in one series, at least one */
export function executionScore(scores: readonly Omit<SeriesScore, 'ordinal'>[]): ExecutionScore {
  const given = scores.filter(({ failed }) => !failed)
  const [only] = given
  if (given.length === 1 && only) return { scores: 1, value: only.value, label: only.label }
  return {
    scores: given.length,
    value: meanOf(given.flatMap(({ value }) => value ?? [])),
    label: majority(given.flatMap(({ label }) => label ?? [])),
  }
}

export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

function majority(labels: readonly string[]): string | null {
  const [first, second] = [...Map.groupBy(labels, (label) => label)]
    .map(([label, { length }]) => ({ label, count: length }))
    .sort((a, b) => b.count - a.count)
  return first && first.count !== second?.count ? first.label : null
}
