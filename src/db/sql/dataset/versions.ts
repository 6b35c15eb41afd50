import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * Creates the next version of a dataset that the caller has locked. `clock_timestamp()`, not `now()`: a long import
 * begins before versions that it waits for, and versions are found by their time.
 */
export async function advanceVersion(
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

/** The current version at a moment; 0 before the first. */
export async function findVersionAt(db: Queryable, datasetId: string, moment: Date): Promise<number> {
  const rows = await queryRows<{ version: number }>(
    db,
    `SELECT COALESCE(max(version), 0) AS version FROM dataset_version WHERE dataset_id = $1 AND created_at <= $2`,
    [datasetId, moment],
  )
  return rows[0]?.version ?? 0
}

/** Whether two versions of a dataset have the same items with the same content. */
export async function haveSameItems(
  db: Queryable,
  datasetId: string,
  [one, other]: readonly [number, number],
): Promise<boolean> {
  const rows = await queryRows<{ same: boolean }>(
    db,
    `WITH content AS (
       SELECT r.item_id, r.digest, v.version FROM unnest($2::int[]) AS v (version)
       JOIN dataset_item_revision r ON r.dataset_id = $1 AND r.valid_from <= v.version
         AND (r.valid_to IS NULL OR r.valid_to > v.version)
     )
     SELECT NOT EXISTS (SELECT FROM content GROUP BY item_id, digest HAVING count(*) <> 2) AS same`,
    [datasetId, [one, other]],
  )
  return rows[0]?.same ?? false
}

/** The versions of a dataset, newest first. */
export function listDatasetVersions(): List {
  return {
    select: columns('v', Prisma.DatasetVersionScalarFieldEnum),
    from: 'dataset_version v',
    parent: { column: 'v.dataset_id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'v.version', type: 'int' }],
    descending: true,
  }
}
