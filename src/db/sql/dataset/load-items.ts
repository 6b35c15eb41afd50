import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetItemRow, datasetItemColumns } from './item-row.ts'

/**
 * The newest revision of these items, including archived ones, if their dataset belongs to the project; in no
 * particular order. LATERAL, so that each item costs one index descent however many revisions it has.
 */
export async function loadDatasetItems(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<DatasetItemRow[]> {
  return queryRows<DatasetItemRow>(
    db,
    `SELECT ${datasetItemColumns}
     FROM dataset_item i
     JOIN dataset d ON d.id = i.dataset_id
     CROSS JOIN LATERAL (
       SELECT * FROM dataset_item_revision WHERE item_id = i.id ORDER BY valid_from DESC LIMIT 1
     ) r
     WHERE i.id = ANY ($1::bigint[]) AND d.project_id = $2`,
    [ids, projectId],
  )
}

/**
 * The content of these items in these versions, in the order of the keys; null for an item that did not exist then. The
 * caller has checked access. The unique index on (item_id, valid_from) finds each with one descent.
 */
export async function loadDatasetRevisions(
  db: Queryable,
  keys: readonly { itemId: string; version: number }[],
): Promise<(DatasetItemRow | null)[]> {
  const rows = await queryRows<DatasetItemRow & { n: number }>(
    db,
    `SELECT requested.n::int, ${datasetItemColumns}
     FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS requested (item_id, version, n)
     JOIN dataset_item_revision r ON r.item_id = requested.item_id AND r.valid_from <= requested.version
      AND (r.valid_to IS NULL OR r.valid_to > requested.version)
     JOIN dataset_item i ON i.id = r.item_id`,
    [keys.map((key) => key.itemId), keys.map((key) => key.version)],
  )
  const found = new Map(rows.map(({ n, ...row }) => [n, row]))
  return keys.map((_, index) => found.get(index + 1) ?? null)
}
