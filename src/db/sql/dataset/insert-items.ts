import type { Queryable } from '../../client.ts'

/** Creates the items that the match found to be new; their ids were drawn there, so revisions need not wait for them. */
export async function insertDatasetItems(client: Queryable, datasetId: string): Promise<void> {
  await client.query(
    `INSERT INTO dataset_item (id, dataset_id, key, identity, occurrence)
     SELECT m.item_id, $1, s.key, s.identity, m.free_occurrence
     FROM dataset_match m JOIN dataset_staging s USING (n)
     WHERE m.is_new
     ORDER BY m.n`,
    [datasetId],
  )
}
