import type { Queryable } from '../../client.ts'

/**
 * Removes items from the dataset from this version on, ignoring those that are not in it. Returns how many were
 * removed.
 */
export async function archiveRevisions(
  client: Queryable,
  datasetId: string,
  itemIds: readonly string[],
  version: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE dataset_item_revision SET valid_to = $3
     WHERE item_id = ANY ($2::bigint[]) AND dataset_id = $1 AND valid_to IS NULL`,
    [datasetId, itemIds, version],
  )
  return rowCount ?? 0
}
