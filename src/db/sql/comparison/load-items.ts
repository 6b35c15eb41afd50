import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetItemRow, datasetItemColumns } from '../dataset/item-row.ts'

/** The content of these items, by id, in the dataset version of the first run that has them. */
export async function loadComparedItems(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
): Promise<Map<string, DatasetItemRow>> {
  const rows = await queryRows<DatasetItemRow>(
    db,
    `SELECT ${datasetItemColumns}
     FROM dataset_item i
     CROSS JOIN LATERAL (
       SELECT run.dataset_version FROM run_item x JOIN run ON run.id = x.run_id
       WHERE x.item_id = i.id AND x.run_id = ANY ($1::uuid[])
       ORDER BY array_position($1::uuid[], x.run_id) LIMIT 1
     ) first
     JOIN dataset_item_revision r ON r.item_id = i.id AND r.valid_from <= first.dataset_version
       AND (r.valid_to IS NULL OR r.valid_to > first.dataset_version)
     WHERE i.id = ANY ($2::bigint[])`,
    [runIds, itemIds],
    'comparison-items',
  )
  return new Map(rows.map((row) => [row.id, row]))
}
