import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface RunOrigin {
  projectId: string
  datasetId: string
}

/** The project and the dataset of a run. */
export async function findRunOrigin(db: Queryable, runId: string): Promise<RunOrigin | null> {
  const [found] = await queryRows<RunOrigin>(
    db,
    'SELECT project_id AS "projectId", dataset_id AS "datasetId" FROM run WHERE id = $1',
    [runId],
    'run-origin',
  )
  return found ?? null
}
