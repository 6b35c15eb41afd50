import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type DatasetHead, datasetHeadColumns } from './lock-dataset.ts'

/** The dataset of this name, not locked; null when there is none yet. */
export async function findDatasetHead(client: Queryable, projectId: string, name: string): Promise<DatasetHead | null> {
  const rows = await queryRows<DatasetHead>(
    client,
    `SELECT ${datasetHeadColumns} FROM dataset WHERE project_id = $1 AND name = $2`,
    [projectId, name],
  )
  return rows[0] ?? null
}
