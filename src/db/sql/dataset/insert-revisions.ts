import type { Queryable } from '../../client.ts'

/** Writes what new, changed and returning items say from this version on. */
export async function insertDatasetRevisions(client: Queryable, datasetId: string, version: number): Promise<void> {
  await client.query(
    `INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
     SELECT m.item_id, $1, $2, s.input, s.expected_output, s.metadata, s.tags, s.digest
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_changed
     ORDER BY m.n`,
    [datasetId, version],
  )
}
