import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { pageBytes, queryWithinBytes, type RowsWithinBytes } from '../../query-within-bytes.ts'
import { type DatasetItemRevisionRow, revisionColumns } from './revision-row.ts'

/** What identifies a revision. */
export interface RevisionKey {
  itemId: string
  validFrom: number
}

/**
 * The revisions with these keys whose datasets belong to the project, in no particular order. OFFSET 0 makes the planner
 * look up one key after another: of a table that has grown since it was analysed it reads all rows.
 */
export async function loadRevisions(
  db: Queryable,
  projectId: string,
  keys: readonly RevisionKey[],
): Promise<DatasetItemRevisionRow[]> {
  return queryRows<DatasetItemRevisionRow>(
    db,
    `SELECT ${revisionColumns}
     FROM unnest($1::bigint[], $2::int[]) AS key (item_id, valid_from)
     CROSS JOIN LATERAL (
       SELECT * FROM dataset_item_revision WHERE item_id = key.item_id AND valid_from = key.valid_from OFFSET 0
     ) r
     JOIN dataset_item i ON i.id = r.item_id
     JOIN dataset d ON d.id = i.dataset_id
     WHERE d.project_id = $3`,
    [keys.map((key) => key.itemId), keys.map((key) => key.validFrom), projectId],
    'load-revisions',
  )
}

// LATERAL, so that each item costs one index descent however many revisions it has.
const latestRevisions = `SELECT ${revisionColumns}
  FROM dataset_item i
  CROSS JOIN LATERAL (
    SELECT * FROM dataset_item_revision WHERE item_id = i.id ORDER BY valid_from DESC LIMIT 1
  ) r`

/** The newest revision of each of these items, also of archived ones, in no particular order. The caller has checked access. */
export async function loadLatestRevisions(
  db: Queryable,
  itemIds: readonly string[],
): Promise<DatasetItemRevisionRow[]> {
  return queryRows<DatasetItemRevisionRow>(
    db,
    `${latestRevisions} WHERE i.id = ANY ($1::bigint[])`,
    [itemIds],
    'load-latest-revisions',
  )
}

/** The newest revision of each of these items of a dataset; cut after some megabytes. The caller has checked access. */
export async function loadPageOfLatestRevisions(
  db: Queryable,
  datasetId: string,
  itemIds: readonly string[],
): Promise<RowsWithinBytes<DatasetItemRevisionRow>> {
  const statement = {
    name: 'page-of-latest-revisions',
    text: `${latestRevisions} WHERE i.dataset_id = $1 AND i.id = ANY ($2::bigint[])`,
    values: [datasetId, itemIds],
  }
  return queryWithinBytes<DatasetItemRevisionRow>(db, statement, pageBytes)
}

/**
 * The content of these items in these versions, in the order of the keys; null for an item that was not in the version.
 * The caller has checked access. The unique index on (item_id, valid_from) finds each with one descent.
 */
export async function loadRevisionsAt(
  db: Queryable,
  keys: readonly { itemId: string; version: number }[],
): Promise<(DatasetItemRevisionRow | null)[]> {
  const rows = await queryRows<DatasetItemRevisionRow & { n: number }>(
    db,
    `SELECT requested.n::int, ${revisionColumns}
     FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS requested (item_id, version, n)
     CROSS JOIN LATERAL (
       SELECT * FROM dataset_item_revision
       WHERE item_id = requested.item_id AND valid_from <= requested.version
         AND (valid_to IS NULL OR valid_to > requested.version)
       OFFSET 0
     ) r
     JOIN dataset_item i ON i.id = r.item_id`,
    [keys.map((key) => key.itemId), keys.map((key) => key.version)],
    'load-revisions-at',
  )
  const found = new Map(rows.map(({ n, ...row }) => [n, row]))
  return keys.map((_, index) => found.get(index + 1) ?? null)
}
