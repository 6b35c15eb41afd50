import type { Queryable } from '../../client.ts'

/**
 * Makes the next version of a dataset whose lock the caller holds. `clock_timestamp()`, not `now()`: a long import
 * began before versions that it waited for, and versions are found by their time.
 */
export async function advanceDatasetVersion(
  client: Queryable,
  datasetId: string,
  change: { added: number; changed: number; archived: number },
): Promise<void> {
  await client.query(
    `WITH next AS (
       UPDATE dataset SET version = version + 1, item_count = item_count + $2::int - $4::int,
         updated_at = clock_timestamp()
       WHERE id = $1
       RETURNING version, item_count, updated_at
     )
     INSERT INTO dataset_version (dataset_id, version, added, changed, archived, item_count, created_at)
     SELECT $1, version, $2, $3, $4, item_count, updated_at FROM next`,
    [datasetId, change.added, change.changed, change.archived],
  )
}
