import type { ImportedRun, ImportedScore } from './results.ts'

export type ScoreType = 'BOOLEAN' | 'NUMERIC' | 'CATEGORICAL' | 'TEXT'

/** Labels of a CATEGORICAL score are at most this long. */
const maxLabel = 400

/** One type for each name, in all runs of a file: where there are numbers it is theirs, and texts beside them do not fit. */
export function scoreTypes(runs: readonly ImportedRun[]): Map<string, ScoreType> {
  const types = new Map<string, ScoreType>()
  const scores = runs.flatMap(({ results }) => results.flatMap((result) => result.scores))
  for (const [name, given] of Map.groupBy(scores, (score) => score.name)) types.set(name, typeOf(given))
  return types
}

function typeOf(scores: readonly ImportedScore[]): ScoreType {
  const values = scores.flatMap(({ value }) => value ?? [])
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length > 0 && texts.length === values.length) {
    return texts.some((text) => text.length > maxLabel) ? 'TEXT' : 'CATEGORICAL'
  }
  return values.length > 0 && values.every((value) => typeof value === 'boolean') ? 'BOOLEAN' : 'NUMERIC'
}
