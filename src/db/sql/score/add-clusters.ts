import type { Queryable } from '../../client.ts'
import type { RecordedScore } from './record-scores.ts'

/**
 * Updates the sums over items after scores were added to a run with repetitions. The sums of each item are computed
 * with and without the batch, and the summary changes by the difference, so the cost depends on the batch and not on
 * the run.
 */
export async function addClusters(
  client: Queryable,
  runId: string,
  repetitions: number,
  scores: readonly Pick<RecordedScore, 'ordinal' | 'name' | 'value'>[],
): Promise<void> {
  const batch = scores.filter((score) => score.value !== null)
  if (batch.length === 0) return
  await client.query({
    name: 'add-clusters',
    text: `WITH batch AS (
         SELECT name, ordinal / $3::int AS position, count(*) AS n, sum(value) AS s
         FROM json_to_recordset($2::json) AS b (name text, ordinal int, value float8) GROUP BY 1, 2
       ), cluster AS (
         SELECT b.name, now.n, now.s, now.n - b.n AS old_n, now.s - b.s AS old_s
         FROM batch b CROSS JOIN LATERAL (
           SELECT count(*) AS n, sum(value) AS s FROM score
           WHERE run_id = $1 AND ordinal >= b.position * $3 AND ordinal < (b.position + 1) * $3
             AND name = b.name AND value IS NOT NULL
         ) now
       ), change AS (
         SELECT name, count(*) FILTER (WHERE old_n = 0) AS items, sum(n * n - old_n * old_n) AS nn,
           sum(s * s - old_s * old_s) AS ss, sum(n * s - old_n * old_s) AS ns
         FROM cluster GROUP BY name
       )
       UPDATE run_score_summary r SET items = r.items + c.items, sum_nn = r.sum_nn + c.nn, sum_ss = r.sum_ss + c.ss,
         sum_ns = r.sum_ns + c.ns
       FROM change c WHERE r.run_id = $1 AND r.name = c.name`,
    values: [runId, JSON.stringify(batch.map(({ name, ordinal, value }) => ({ name, ordinal, value }))), repetitions],
  })
}
