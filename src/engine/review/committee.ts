/** Whose scores say what a label of an output would teach. */
import type { Database } from '../../db/client.ts'
import { loadScoreSummaries } from '../../db/sql/run/load-run-stats.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { InformationMeasure } from '../../domain/review/selection.ts'

export interface Committee {
  /** That people will give. */
  score: string
  by: InformationMeasure
  /** Scores of evaluators that may disagree; empty: all that have the type of `score`. */
  between: readonly string[]
}

/**
 * The names of the evaluators' scores that decide.
 * @throws {InvalidInputError} the run lacks them
 */
export async function committeeOf(
  { pool }: Pick<Database, 'pool'>,
  run: { id: string; name: string },
  { score, by, between }: Committee,
  path: readonly string[],
): Promise<string[]> {
  const series = (await loadScoreSummaries(pool, [run.id])).filter(({ source }) => source === 'EVALUATOR')
  const known = new Map(series.map((one) => [one.name, one]))
  const has = known.size === 0 ? 'none' : [...known.keys()].map((one) => `"${one}"`).join(', ')
  const missing = (name: string, member: string) =>
    new InvalidInputError(`Expected a score of an evaluator of run "${run.name}", got "${name}"; it has ${has}.`, [
      ...path,
      member,
    ])
  if (by === 'UNCERTAINTY') {
    if (between.length > 0) {
      const message = 'Expected no other scores for UNCERTAINTY, which is that of one evaluator, got some.'
      throw new InvalidInputError(message, [...path, 'between'])
    }
    if (!known.has(score)) throw missing(score, 'score')
    return [score]
  }
  for (const name of between) if (!known.has(name)) throw missing(name, 'between')
  const dataType = known.get(score)?.dataType
  const names =
    between.length > 0
      ? [...new Set(between)]
      : series.filter((one) => dataType === undefined || one.dataType === dataType).map(({ name }) => name)
  if (names.length >= 2) return names
  throw new InvalidInputError(
    `Expected scores of at least two evaluators that may disagree, got ${names.map((one) => `"${one}"`).join(', ') || 'none'}; run "${run.name}" has ${has}.`,
    [...path, 'between'],
  )
}
