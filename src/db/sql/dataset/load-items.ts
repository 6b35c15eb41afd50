import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A logical item of a dataset; its content is in its revisions. */
export interface DatasetItemRow {
  /** The same in all versions; a decimal string. */
  id: string
  datasetId: string
  key: string | null
  createdAt: Date
  /** Not in the current version. */
  archived: boolean
}

/** The items with these ids whose datasets belong to the project, including archived ones; in no particular order. */
export async function loadDatasetItems(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<DatasetItemRow[]> {
  return queryRows<DatasetItemRow>(
    db,
    `SELECT i.id::text, i.dataset_id AS "datasetId", i.key, i.created_at AS "createdAt",
            NOT EXISTS (SELECT FROM dataset_item_revision WHERE item_id = i.id AND valid_to IS NULL) AS archived
     FROM dataset_item i
     JOIN dataset d ON d.id = i.dataset_id
     WHERE i.id = ANY ($1::bigint[]) AND d.project_id = $2`,
    [ids, projectId],
    'load-dataset-items',
  )
}
