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

/**
 * Brings archived items of the dataset back from this version on, with their last content, ignoring those that are in
 * it. Returns how many came back.
 */
export async function restoreRevisions(
  client: Queryable,
  datasetId: string,
  itemIds: readonly string[],
  version: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
     SELECT r.item_id, r.dataset_id, $3, r.input, r.expected_output, r.metadata, r.tags, r.digest
     FROM (SELECT DISTINCT id FROM unnest($2::bigint[]) AS given (id)) item
     CROSS JOIN LATERAL (
       SELECT * FROM dataset_item_revision WHERE item_id = item.id ORDER BY valid_from DESC LIMIT 1
     ) r
     WHERE r.dataset_id = $1 AND r.valid_to IS NOT NULL`,
    [datasetId, itemIds, version],
  )
  return rowCount ?? 0
}
