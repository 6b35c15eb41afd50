import type { Queryable } from '../../client.ts'

/**
 * Ends the current revision of every item that changes in this version. A statement of its own before the new
 * revisions: within one, the index that allows an item a single current revision could see the new one first.
 */
export async function closeDatasetRevisions(client: Queryable, version: number): Promise<void> {
  await client.query(
    `UPDATE dataset_item_revision r SET valid_to = $1
     FROM dataset_match m
     WHERE m.was_live AND m.is_changed AND r.item_id = m.item_id AND r.valid_to IS NULL`,
    [version],
  )
}
