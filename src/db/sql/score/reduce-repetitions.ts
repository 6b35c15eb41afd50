import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** One series of one run: each item's repetitions reduced to one value, then the mean over the items. */
export interface ReducedScores extends SeriesKey {
  runId: string
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
    `SELECT run_id AS "runId", name, source, avg(mean) AS mean, avg(majority) AS majority, avg(highest) AS highest,
            avg(lowest) AS lowest
     FROM (
       SELECT s.run_id, s.name, s.source, i.item_id, avg(s.value) AS mean,
              mode() WITHIN GROUP (ORDER BY s.value) AS majority, max(s.value) AS highest, min(s.value) AS lowest
       FROM (
         SELECT run_id, name, source, ordinal, avg(value) AS value FROM score
         WHERE run_id = ANY ($1::uuid[]) AND ordinal IS NOT NULL AND value IS NOT NULL GROUP BY 1, 2, 3, 4
       ) s JOIN run_item i ON i.run_id = s.run_id AND i.ordinal = s.ordinal
       GROUP BY 1, 2, 3, 4
     ) item
     GROUP BY 1, 2, 3`,
    [runIds],
  )
}
