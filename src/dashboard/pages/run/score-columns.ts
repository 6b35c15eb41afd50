/** The scores of a run that have a column. */
import type { Direction, ScoreDataType, ScoreSource } from '../../gql/graphql.ts'
import type { RunPageRun } from './run-query.ts'

export interface ScoreColumn {
  name: string
  /** Null: that of evaluators, else of programs, else of people. */
  source: ScoreSource | null
  /** The name, and whose it is where others give a score of this name, too. */
  title: string
  dataType: ScoreDataType
  direction: Direction
  min: number | null
  max: number | null
}

const whose: Record<ScoreSource, string> = { EVALUATOR: 'evaluator', API: 'programs', HUMAN: 'people' }

/** Those of its evaluators, from the start, then others that have values. What people say stands beside what a judge says. */
export function scoresOf({ evaluators, stats }: RunPageRun): ScoreColumn[] {
  const columns = evaluators.map(
    ({ evaluator: { name }, dataType, direction }): ScoreColumn => ({
      ...{ name, source: null, title: name },
      ...{ dataType, direction, min: null, max: null },
    }),
  )
  const seen = new Set<string>()
  // Those of a name come in the order in which they count.
  for (const { name, source, dataType, direction, min, max, count, errorCount } of stats.scores) {
    if (count + errorCount === 0) continue
    const isFirst = !seen.has(name)
    seen.add(name)
    const index = columns.findLastIndex((column) => column.name === name)
    const column = { name, ...whoseOf(name, isFirst ? null : source), dataType, direction, min, max }
    if (isFirst && index >= 0) columns[index] = column
    else columns.splice(index < 0 ? columns.length : index + 1, 0, column)
  }
  return columns
}

function whoseOf(name: string, source: ScoreSource | null): Pick<ScoreColumn, 'source' | 'title'> {
  return { source, title: source === null ? name : `${name}, ${whose[source]}` }
}
