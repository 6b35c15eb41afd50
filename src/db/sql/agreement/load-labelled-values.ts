import type { CountedLabel } from '../../../domain/review/label-weights.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The values of a score of the items of a run, or their differences between two runs. */
export interface LabelledValues {
  /** What people and the evaluator gave the items that people labelled, and with which probability these came to be. */
  labelled: { human: number; judge: number; probability: number }[]
  /** Of the others, what the evaluator gave. */
  count: number
  mean: number | null
  variance: number | null
  /** All items with a value of the evaluator, and how many of these have 1. */
  items: number
  positive: number
}

/**
 * @param runIds one run, or a candidate and its baseline, whose values are subtracted; of two, items that both have
 * @param name of the score; of evaluators, the version that the run pinned
 * @param labels executions whose labels count; the others of people do not
 * @param drawnTogether whether the draws of both runs have as many items in common as they can: else they are independent
 */
export async function loadLabelledValues(
  client: Queryable,
  runIds: readonly string[],
  name: string,
  labels: readonly CountedLabel[],
  drawnTogether: boolean,
): Promise<LabelledValues> {
  const [found] = await queryRows<LabelledValues>(
    client,
    `WITH execution AS (
       SELECT i.run_id, i.item_id, e.value AS judge, h.value AS human, h.probability
       FROM run_item i
       JOIN run_score_summary s ON s.run_id = i.run_id AND s.name = $2 AND s.source = 'EVALUATOR'
       JOIN score e ON e.run_id = i.run_id AND e.ordinal = i.ordinal AND e.name = $2
         AND e.evaluator_version_id = s.evaluator_version_id AND e.value IS NOT NULL
       LEFT JOIN (
         SELECT c.run_id, c.ordinal, max(c.probability) AS probability, avg(p.value) AS value
         FROM unnest($3::uuid[], $4::int[], $5::float8[]) AS c (run_id, ordinal, probability)
         JOIN score p ON p.run_id = c.run_id AND p.ordinal = c.ordinal AND p.name = $2 AND p.source = 'HUMAN'
         GROUP BY 1, 2) h ON h.run_id = i.run_id AND h.ordinal = i.ordinal
       WHERE i.run_id = ANY ($1::uuid[])
     ), item AS (
       SELECT run_id, item_id, avg(judge) AS judge, avg(human) AS human, max(probability) AS probability
       FROM execution GROUP BY 1, 2
     ), difference AS (
       SELECT item_id, sum(CASE WHEN run_id = ($1::uuid[])[1] THEN judge ELSE -judge END) AS judge,
         CASE WHEN count(human) = cardinality($1::uuid[])
           THEN sum(CASE WHEN run_id = ($1::uuid[])[1] THEN human ELSE -human END) END AS human,
         CASE WHEN $6 THEN min(probability) ELSE exp(sum(ln(probability))) END AS probability
       FROM item GROUP BY 1 HAVING count(*) = cardinality($1::uuid[])
     )
     SELECT COALESCE(json_agg(json_build_object('human', human, 'judge', judge, 'probability', probability) ORDER BY item_id)
         FILTER (WHERE human IS NOT NULL), '[]') AS labelled,
       count(*) FILTER (WHERE human IS NULL)::int AS count, avg(judge) FILTER (WHERE human IS NULL) AS mean,
       var_pop(judge) FILTER (WHERE human IS NULL) AS variance,
       count(*)::int AS items, count(*) FILTER (WHERE judge = 1)::int AS positive
     FROM difference`,
    [
      ...[runIds, name, labels.map(({ runId }) => runId), labels.map(({ ordinal }) => ordinal)],
      ...[labels.map(({ probability }) => probability), drawnTogether],
    ],
  )
  return found as LabelledValues
}
