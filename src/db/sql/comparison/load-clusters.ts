import type { Queryable } from '../../client.ts'
import { numberColumn, numbers } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * The items of a version of a dataset that have a value at the path of their metadata, by their ids: the same number for
 * the same value, from 0. Items without one belong with no other.
 */
export async function loadClusters(
  db: Queryable,
  { datasetId, version, path }: { datasetId: string; version: number; path: readonly string[] },
): Promise<Map<number, number>> {
  const [row] = await queryRows<Record<'ids' | 'clusters', Buffer | null>>(
    db,
    `SELECT ${numberColumn('item_id')} AS ids, ${numberColumn('cluster')} AS clusters FROM (
       SELECT v.item_id, dense_rank() OVER (ORDER BY v.metadata #>> $3::text[]) - 1 AS cluster
       FROM dataset_item_revision v
       WHERE v.dataset_id = $1 AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to > $2)
         AND v.metadata #>> $3::text[] IS NOT NULL
     ) item`,
    [datasetId, version, path],
  )
  const [ids, clusters] = [numbers(row?.ids), numbers(row?.clusters)]
  return new Map(Array.from(ids, (id, index) => [id, clusters[index] as number]))
}
