import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetItemRow, datasetItemColumns } from './item-row.ts'

/**
 * The newest revision of these items, also of archived ones, if their dataset belongs to the project; in no
 * particular order. LATERAL, so that each item costs one descent however many revisions it has.
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
