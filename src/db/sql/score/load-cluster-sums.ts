import type { SeriesKey } from '../../../domain/score-series.ts'
import type { ClusterTotals } from '../../../domain/statistics/score-figures.ts'
import { smallestSummand } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** One series of one run; an item without a value at the path of its dataset is a cluster of its own. */
export interface ClusterSumsRow extends SeriesKey, ClusterTotals {
  runId: string
}

/** Reads every score of the runs. */
export async function loadClusterSums(db: Queryable, runIds: readonly string[]): Promise<ClusterSumsRow[]> {
  return queryRows<ClusterSumsRow>(
    db,
    `SELECT run_id AS "runId", name, source, array_agg(size) AS sizes, array_agg(sum) AS sums FROM (
       SELECT item.run_id, item.name, item.source, count(*)::int AS size, sum(item.value) AS sum
       FROM (
         SELECT e.run_id, e.name, e.source, i.item_id,
           avg(CASE WHEN abs(e.value) < ${smallestSummand} THEN 0 ELSE e.value END) AS value
         FROM (
           SELECT run_id, name, source, ordinal, avg(value) AS value FROM score
           WHERE run_id = ANY ($1::uuid[]) AND ordinal IS NOT NULL AND value IS NOT NULL GROUP BY 1, 2, 3, 4
         ) e JOIN run_item i ON i.run_id = e.run_id AND i.ordinal = e.ordinal
         GROUP BY 1, 2, 3, 4
       ) item
       JOIN run r ON r.id = item.run_id
       JOIN dataset d ON d.id = r.dataset_id
       JOIN dataset_item_revision v ON v.item_id = item.item_id
         AND v.valid_from <= r.dataset_version AND (v.valid_to IS NULL OR v.valid_to > r.dataset_version)
       CROSS JOIN LATERAL (SELECT v.metadata #>> d.cluster_path AS value) c
       GROUP BY item.run_id, item.name, item.source, c.value, CASE WHEN c.value IS NULL THEN item.item_id END
     ) cluster GROUP BY 1, 2, 3`,
    [runIds],
  )
}
