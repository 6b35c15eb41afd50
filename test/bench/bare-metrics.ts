/** The figures of a comparison of finished runs without failures, by SQL alone: what computing them costs at least. */
import type { Queryable } from '../../src/db/client.ts'
import { differenceOf, perRun } from '../../src/db/sql/comparison/metric-values.ts'
import { executionScores } from '../../src/db/sql/score/series.ts'

/** Moments of every metric and candidate, and the items that candidate and baseline have. */
export async function bareMetrics(db: Queryable, runIds: readonly string[], names: readonly string[]): Promise<string> {
  const runs = runIds.length
  const ofRun = (table: string, run: number) => `FILTER (WHERE ${table}.run_id = ($1::uuid[])[${run}])`
  const columns = (run: number) =>
    `avg(i.latency_ms) ${ofRun('i', run)} AS l${run}, avg(i.cost_usd) ${ofRun('i', run)} AS c${run}`
  const [moments, counts] = await Promise.all([
    db.query(
      `WITH value AS MATERIALIZED (
         SELECT array_position($2::text[], s.name) AS metric, i.item_id,
           ${perRun(runs, (run) => `avg(s.value) ${ofRun('s', run)} AS v${run}`)}
         FROM ${executionScores('value', 'EVALUATOR', '$2')} JOIN run_item i USING (run_id, ordinal)
         WHERE i.run_id = ANY ($1::uuid[]) GROUP BY 1, 2
         UNION ALL
         SELECT m.metric, item_id, ${perRun(runs, (run) => `m.v${run}`)}
         FROM (SELECT i.item_id, ${perRun(runs, columns)} FROM run_item i WHERE i.run_id = ANY ($1::uuid[]) GROUP BY 1) item
         CROSS JOIN LATERAL (VALUES (0, ${perRun(runs, (run) => `l${run}`)}), (-1, ${perRun(runs, (run) => `c${run}`)}))
           AS m (metric, ${perRun(runs, (run) => `v${run}`)})
       )
       SELECT metric, run, count(*)::int AS count, avg(baseline ORDER BY item_id) AS "baselineMean",
         avg(candidate ORDER BY item_id) AS "candidateMean", avg(difference ORDER BY item_id) AS delta,
         stddev_samp(difference ORDER BY item_id) AS stddev, count(*) FILTER (WHERE difference > 0)::int AS increased,
         count(*) FILTER (WHERE difference < 0)::int AS decreased,
         bool_and(baseline IN (0, 1) AND candidate IN (0, 1)) AS "binary"
       FROM value CROSS JOIN LATERAL (VALUES ${perRun(
         runs - 1,
         (index) => `(${index + 1}, v1, v${index + 1}, ${differenceOf('v1', `v${index + 1}`)})`,
       )}) AS pair (run, baseline, candidate, difference)
       WHERE baseline IS NOT NULL AND candidate IS NOT NULL GROUP BY metric, run`,
      [runIds, names],
    ),
    db.query(
      `SELECT ${perRun(runs, (run) => `count(*) FILTER (WHERE executed${run})::int AS executed${run}`)}
       FROM (SELECT item_id, ${perRun(runs, (run) => `bool_or(status IN ('SUCCEEDED', 'FAILED')) ${ofRun('i', run)} AS executed${run}`)}
             FROM run_item i WHERE run_id = ANY ($1::uuid[]) GROUP BY item_id) item`,
      [runIds],
    ),
  ])
  return JSON.stringify([moments.rows, counts.rows])
}
