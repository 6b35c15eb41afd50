import type { Queryable } from '../../client.ts'

/** Updates the identity of items that were named by id, so that an import of the same content finds them. */
export async function moveItems(client: Queryable): Promise<void> {
  await client.query(
    `UPDATE dataset_item i SET key = s.key, identity = s.identity, occurrence = m.free_occurrence
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_moved AND i.id = m.item_id`,
  )
}

/**
 * Closes the current revision of every item that changes in this version. A separate statement before the new
 * revisions: within one statement, the index that allows a single current revision per item could see the new one
 * first.
 */
export async function closeRevisions(client: Queryable, version: number): Promise<void> {
  await client.query(
    `UPDATE dataset_item_revision r SET valid_to = $1
     FROM dataset_match m
     WHERE m.was_live AND m.is_changed AND r.item_id = m.item_id AND r.valid_to IS NULL`,
    [version],
  )
}

/** Creates the new items of the match; their ids are already assigned. */
export async function insertItems(client: Queryable, datasetId: string): Promise<void> {
  await client.query(
    `INSERT INTO dataset_item (id, dataset_id, key, identity, occurrence)
     SELECT m.item_id, $1, s.key, s.identity, m.free_occurrence
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_new
     ORDER BY m.n`,
    [datasetId],
  )
}

/** Writes the content of new, changed and returning items from this version on. */
export async function insertRevisions(client: Queryable, datasetId: string, version: number): Promise<void> {
  await client.query(
    `INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
     SELECT m.item_id, $1, $2, s.input, s.expected_output, s.metadata, s.tags, s.digest
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_changed
     ORDER BY m.n`,
    [datasetId, version],
  )
}
