/**
 * What executions and items have in a series (src/domain/score-series.ts says what that is), for statements that read
 * many scores. Of evaluators an execution has one score in a series; those of people and programs are reduced to one
 * first.
 */
import type { ScoreSource } from '../../../domain/evaluation.ts'
import { sourcesByPreference } from '../../../domain/score-series.ts'
import { smallestSummand } from '../../../domain/statistics/score-moments.ts'

/**
 * A FROM item `s (run_id, ordinal, name, value, label)` with the scores of executions.
 * @param what whether `value` or `label` is needed; the other column is missing
 * @param names a parameter with the names of the series
 * @param scores a FROM item with the columns of `score`, of the runs `$1`
 */
export function executionScores(what: 'value' | 'label', source: ScoreSource, names: string, scores = 'score'): string {
  const where = `run_id = ANY ($1::uuid[]) AND ordinal IS NOT NULL AND source = '${source}' AND name = ANY (${names}::text[])
      AND ${what} IS NOT NULL`
  if (source === 'EVALUATOR') return `(SELECT run_id, ordinal, name, ${what} FROM ${scores} x WHERE ${where}) s`
  if (what === 'value') {
    return `(SELECT run_id, ordinal, name, avg(value) AS value FROM ${scores} x WHERE ${where} GROUP BY 1, 2, 3) s`
  }
  return `(SELECT run_id, ordinal, name, ${majority} AS label FROM (
      SELECT run_id, ordinal, name, label, count(*) AS n FROM ${scores} x WHERE ${where} GROUP BY 1, 2, 3, 4
    ) counted GROUP BY 1, 2, 3) s`
}

/** The label that most scores have, of labels with their counts `n`; null where several are equally frequent. */
export const majority = `CASE WHEN (array_agg(n ORDER BY n DESC))[1] IS DISTINCT FROM (array_agg(n ORDER BY n DESC))[2]
  THEN (array_agg(label ORDER BY n DESC))[1] END`

/** The values of the items of a series, as they are summed, with the extremes of their executions. */
export function itemValuesSql(runId: string, name: string, source: string): string {
  return `SELECT position, avg(CASE WHEN abs(e.value) < ${smallestSummand} THEN 0 ELSE e.value END) AS value,
      min(e.value) AS lowest, max(e.value) AS highest
    FROM (SELECT ordinal, avg(value) AS value FROM score
      WHERE run_id = ${runId} AND name = ${name} AND source = ${source} AND ordinal IS NOT NULL AND value IS NOT NULL
      GROUP BY 1) e
    JOIN run_item i ON i.run_id = ${runId} AND i.ordinal = e.ordinal
    GROUP BY 1`
}

/** A key by which sources are ordered by preference. */
export function preference(source: string): string {
  return `array_position('{${sourcesByPreference.join()}}'::"ScoreSource"[], ${source})`
}

/**
 * The series of one name on a run item `i`, for the filters and orders of a run's items. The unique index on (run_id,
 * ordinal, name, …) finds its scores.
 * @param name the parameter with the name
 * @param source the parameter with the source; null: the one that is preferred in the run
 */
export function itemSeries(name: string, source: string | null) {
  const scores = `score s WHERE s.ordinal = i.ordinal AND ${isInSeries('i.run_id', name, source)}`
  return {
    /** Null without any. */
    value: `(SELECT ${meanValue} FROM ${scores})`,
    label: `(SELECT ${majority} FROM (
      SELECT s.label, count(*) AS n FROM ${scores} AND s.label IS NOT NULL GROUP BY 1) counted)`,
    /** Whether there are any, with a value or label or failed, that satisfy all of these conditions as a group. */
    has: (conditions: readonly string[]) =>
      `EXISTS (SELECT FROM ${scores} HAVING ${['count(*) > 0', ...conditions].join(' AND ')})`,
  }
}

/**
 * The values of `itemSeries` of all items of a run, those without one as null: all together take a quarter of the time. Not
 * by a join: where the planner expects few scores, it would compare each item with each.
 * @param runId an expression
 * @returns a FROM item `series (ordinal, value)`
 */
export function runSeries(runId: string, name: string, source: string | null): string {
  return `(SELECT s.ordinal, ${meanValue} AS value FROM (
      SELECT ordinal, NULL::float8 AS value, NULL::bigint AS id FROM run_item WHERE run_id = ${runId}
      UNION ALL
      SELECT s.ordinal, s.value, s.id FROM score s WHERE s.ordinal IS NOT NULL AND ${isInSeries(runId, name, source)}
    ) s GROUP BY s.ordinal) series`
}

function isInSeries(runId: string, name: string, source: string | null): string {
  return `s.run_id = ${runId} AND s.name = ${name}
    AND s.source = ${source === null ? preferredSource(runId, name) : `${source}::"ScoreSource"`}`
}

/** In one order, so that the last digit is the same in all statements: it is part of sort keys. */
const meanValue = 'avg(s.value ORDER BY s.id)'

/** The preferred source of a score in a run. @param runId an expression */
function preferredSource(runId: string, name: string): string {
  return `(SELECT x.source FROM run_score_summary x WHERE x.run_id = ${runId} AND x.name = ${name}
    ORDER BY ${preference('x.source')} LIMIT 1)`
}
