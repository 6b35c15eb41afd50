/** How much a label of an execution is expected to say, from scores that it has. */
import type { InformationMeasure } from '../../../domain/review/selection.ts'
import type { Parameter } from '../../conditions.ts'

/**
 * A FROM item `info (votes, range, labels, information)` of a run item `i`; `information` is null where nothing says it.
 *
 * DISAGREEMENT: of values their standard deviation, of labels the entropy of the votes in bits (Dagan and Engelson, 1995).
 * UNCERTAINTY: of one evaluator: the entropy in bits of the distribution that it stored, `metadata.distribution`, else how
 * near the middle of its range the value is: 1 in the middle, 0 at the ends (Lewis and Gale, 1994).
 * @param names of the scores; of UNCERTAINTY one
 * @param ofPeople whether also scores of people and programs count
 */
export function informationOf(
  measure: InformationMeasure,
  names: readonly string[],
  parameter: Parameter,
  ofPeople = false,
): string {
  const scores = `score s
      LEFT JOIN run_score_summary u ON u.run_id = s.run_id AND u.name = s.name AND u.source = s.source
      WHERE s.run_id = i.run_id AND s.ordinal = i.ordinal AND s.name = ANY (${parameter(names)}::text[])
        AND s.error IS NULL AND (s.value IS NOT NULL OR s.label IS NOT NULL)
        AND ${ofPeople ? 'true' : `s.source = 'EVALUATOR'`}
        AND (s.source <> 'EVALUATOR' OR u.evaluator_version_id IS NULL OR s.evaluator_version_id = u.evaluator_version_id)`
  if (measure === 'UNCERTAINTY') {
    return `LATERAL (
      SELECT count(*)::int AS votes, 0::float8 AS range, 0 AS labels, max(CASE
        WHEN jsonb_typeof(s.metadata -> 'distribution') = 'object' THEN (
          SELECT -sum(p.value::text::float8 * log(2, p.value::text::numeric)::float8)
          FROM jsonb_each(s.metadata -> 'distribution') p
          WHERE jsonb_typeof(p.value) = 'number' AND p.value::text::float8 > 0)
        WHEN u.highest > u.lowest THEN
          2 * sqrt(greatest(0, (s.value - u.lowest) * (u.highest - s.value))) / (u.highest - u.lowest)
        WHEN s.data_type = 'BOOLEAN' THEN 0 END) AS information
      FROM ${scores}) info`
  }
  return `LATERAL (
      SELECT count(*)::int AS votes, max(value) - min(value) AS range, count(DISTINCT label)::int AS labels,
        CASE WHEN count(*) < 2 THEN NULL WHEN count(value) = count(*) THEN stddev_pop(value)
          ELSE (ln(count(*)) - avg(ln(same))) / ln(2) END AS information
      FROM (SELECT s.value, CASE WHEN s.value IS NULL THEN s.label END AS label,
          count(*) OVER (PARTITION BY s.value, CASE WHEN s.value IS NULL THEN s.label END)::float8 AS same
        FROM ${scores}) vote) info`
}
