import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Staged items that were named by id and given a key which another item of the dataset has, archived ones included. */
export async function findKeyConflicts(
  client: Queryable,
  datasetId: string,
): Promise<{ line: number; key: string; itemId: string }[]> {
  return queryRows<{ line: number; key: string; itemId: string }>(
    client,
    `SELECT s.line, s.key, i.id::text AS "itemId"
     FROM dataset_staging s JOIN dataset_item i ON i.dataset_id = $1 AND i.identity = s.identity AND i.id <> s.item_id
     WHERE s.key IS NOT NULL
     ORDER BY s.n`,
    [datasetId],
  )
}
