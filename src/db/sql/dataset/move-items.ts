import type { Queryable } from '../../client.ts'

/** Gives items that were named by id the identity of what they say now, so that an import of the same finds them. */
export async function moveDatasetItems(client: Queryable): Promise<void> {
  await client.query(
    `UPDATE dataset_item i SET key = s.key, identity = s.identity, occurrence = m.free_occurrence
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_moved AND i.id = m.item_id`,
  )
}
