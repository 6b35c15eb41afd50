import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetHead, datasetHeadColumns } from './lock-dataset.ts'

/**
 * Takes the dataset of this name until the transaction ends and creates it when it is missing. The upsert's update
 * changes nothing: it is what makes one statement wait for, lock and return a row that another transaction just made.
 */
export async function lockDatasetByName(
  client: Queryable,
  dataset: { projectId: string; name: string; seed: string },
): Promise<DatasetHead> {
  const rows = await queryRows<DatasetHead>(
    client,
    `INSERT INTO dataset (project_id, name, seed) VALUES ($1, $2, $3)
     ON CONFLICT (project_id, name) DO UPDATE SET version = dataset.version
     RETURNING ${datasetHeadColumns}`,
    [dataset.projectId, dataset.name, dataset.seed],
  )
  const [head] = rows
  if (!head) throw new Error(`Expected the upsert of dataset ${dataset.name} to return its row`)
  return head
}
