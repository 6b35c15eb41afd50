import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetItemRevisionRow, revisionColumns } from './revision-row.ts'

/** What identifies a revision. */
export interface RevisionKey {
  itemId: string
  validFrom: number
}

/** The revisions with these keys whose datasets belong to the project, in no particular order. */
export async function loadRevisions(
  db: Queryable,
  projectId: string,
  keys: readonly RevisionKey[],
): Promise<DatasetItemRevisionRow[]> {
  return queryRows<DatasetItemRevisionRow>(
    db,
    `SELECT ${revisionColumns}
     FROM unnest($1::bigint[], $2::int[]) AS key (item_id, valid_from)
     JOIN dataset_item_revision r USING (item_id, valid_from)
     JOIN dataset_item i ON i.id = r.item_id
     JOIN dataset d ON d.id = i.dataset_id
     WHERE d.project_id = $3`,
    [keys.map((key) => key.itemId), keys.map((key) => key.validFrom), projectId],
    'load-revisions',
  )
}

/**
 * The newest revision of each of these items, also of archived ones, in no particular order. The caller has checked
 * access. LATERAL, so that each item costs one index descent however many revisions it has.
 */
export async function loadLatestRevisions(
  db: Queryable,
  itemIds: readonly string[],
): Promise<DatasetItemRevisionRow[]> {
  return queryRows<DatasetItemRevisionRow>(
    db,
    `SELECT ${revisionColumns}
     FROM dataset_item i
     CROSS JOIN LATERAL (
       SELECT * FROM dataset_item_revision WHERE item_id = i.id ORDER BY valid_from DESC LIMIT 1
     ) r
     WHERE i.id = ANY ($1::bigint[])`,
    [itemIds],
    'load-latest-revisions',
  )
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
     JOIN dataset_item_revision r ON r.item_id = requested.item_id AND r.valid_from <= requested.version
      AND (r.valid_to IS NULL OR r.valid_to > requested.version)
     JOIN dataset_item i ON i.id = r.item_id`,
    [keys.map((key) => key.itemId), keys.map((key) => key.version)],
    'load-revisions-at',
  )
  const found = new Map(rows.map(({ n, ...row }) => [n, row]))
  return keys.map((_, index) => found.get(index + 1) ?? null)
}
