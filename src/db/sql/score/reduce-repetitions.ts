import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** One score name of one run: each item's repetitions reduced to one value, then the mean over the items. */
export interface ReducedScores {
  runId: string
  name: string
  mean: number
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
    `SELECT run_id AS "runId", name, avg(mean) AS mean, avg(majority) AS majority, avg(highest) AS highest,
            avg(lowest) AS lowest
     FROM (
       SELECT s.run_id, s.name, i.item_id, avg(s.value) AS mean, mode() WITHIN GROUP (ORDER BY s.value) AS majority,
              max(s.value) AS highest, min(s.value) AS lowest
       FROM score s JOIN run_item i ON i.run_id = s.run_id AND i.ordinal = s.ordinal
       WHERE s.run_id = ANY ($1::uuid[]) AND s.value IS NOT NULL
       GROUP BY 1, 2, 3
     ) item
     GROUP BY 1, 2`,
    [runIds],
  )
}
