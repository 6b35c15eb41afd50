/** The scores of a run that have a column. */
import type { Direction, ScoreDataType } from '../../gql/graphql.ts'
import type { RunPageRun } from './run-query.ts'

export interface ScoreColumn {
  name: string
  dataType: ScoreDataType
  direction: Direction
  min: number | null
  max: number | null
}

/** Those of its evaluators, from the start, then others that have values. */
export function scoresOf({ evaluators, stats }: RunPageRun): ScoreColumn[] {
  const found = new Map<string, ScoreColumn>()
  for (const { evaluator, dataType, direction } of evaluators) {
    found.set(evaluator.name, { name: evaluator.name, dataType, direction, min: null, max: null })
  }
  for (const { name, dataType, direction, min, max, count, errorCount } of stats.scores) {
    if (count + errorCount > 0) found.set(name, { name, dataType, direction, min, max })
  }
  return [...found.values()]
}
