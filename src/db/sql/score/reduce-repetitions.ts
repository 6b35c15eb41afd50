import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * One series of one run: each item's repetitions reduced to one value, then the mean over the items. `mean` is that of the
 * values; in the others a failed repetition counts as the worst value if the score is pass or fail, or says so.
 */
export interface ReducedScores extends SeriesKey {
  runId: string
  /** Null without any value. */
  mean: number | null
  majority: number
  highest: number
  lowest: number
}

/**
 * Reads every score of the runs, so the cost grows with them. A tie between the most frequent values goes to the
 * lowest: half of the repetitions are not a majority.
 */
export async function reduceRepetitions(client: Queryable, runIds: readonly string[]): Promise<ReducedScores[]> {
  return queryRows<ReducedScores>(
    client,
    `SELECT run_id AS "runId", name, source, avg(mean) AS mean, avg(majority) AS majority, avg(highest) AS highest,
            avg(lowest) AS lowest
     FROM (
       SELECT s.run_id, s.name, s.source, i.item_id, avg(s.value) FILTER (WHERE s.given) AS mean,
              mode() WITHIN GROUP (ORDER BY s.value) AS majority, max(s.value) AS highest, min(s.value) AS lowest
       FROM (
         SELECT run_id, name, source, ordinal, avg(value) AS value, true AS given FROM score
         WHERE run_id = ANY ($1::uuid[]) AND ordinal IS NOT NULL AND value IS NOT NULL GROUP BY 1, 2, 3, 4
         UNION ALL
         SELECT i.run_id, w.name, w.source, i.ordinal, w.worst, false
         FROM (${worstValues}) w JOIN run_item i ON i.run_id = w.run_id AND i.status = 'FAILED'
         WHERE NOT EXISTS (SELECT FROM score x
           WHERE x.run_id = i.run_id AND x.ordinal = i.ordinal AND x.name = w.name AND x.source = w.source)
       ) s JOIN run_item i ON i.run_id = s.run_id AND i.ordinal = s.ordinal
       LEFT JOIN (${worstValues}) w ON w.run_id = s.run_id AND w.name = s.name AND w.source = s.source
       GROUP BY 1, 2, 3, 4 HAVING bool_or(s.given) OR bool_or(w.applies)
     ) item
     GROUP BY 1, 2, 3`,
    [runIds],
  )
}

/** What a failed execution counts as in each series, and whether every other execution was scored. */
const worstValues = `SELECT r.run_id, r.name, r.source, r.count + r.error_count >= run.succeeded AS applies,
    CASE WHEN r.data_type = 'BOOLEAN' THEN (r.direction = 'LOWER_IS_BETTER')::int
         WHEN r.direction = 'LOWER_IS_BETTER' THEN r.highest ELSE r.lowest END AS worst
  FROM run_score_summary r JOIN run ON run.id = r.run_id
  WHERE r.run_id = ANY ($1::uuid[]) AND r.direction <> 'NONE'
    AND (r.data_type = 'BOOLEAN' OR (r.data_type = 'NUMERIC' AND r.failure_policy = 'WORST'))`
