import type { Json } from '../../../domain/json.ts'
import type { RunSettings } from '../../../domain/run.ts'
import type { TaskSpec } from '../../../domain/task.ts'
import type { Queryable } from '../../client.ts'

/** What a run pins of its experiment and of the experiment's dataset. */
export interface LockedExperiment {
  id: string
  name: string
  metadata: Json
  task: TaskSpec
  settings: RunSettings
  datasetId: string
  datasetName: string
  /** Of the dataset, its newest. */
  version: number
  seed: string
}

/** Reads the experiment and keeps it and its dataset from being changed or deleted until the transaction ends. */
export async function lockExperiment(
  client: Queryable,
  projectId: string,
  id: string,
): Promise<LockedExperiment | null> {
  const { rows } = await client.query<LockedExperiment>(
    `SELECT e.id, e.name, e.metadata, e.task, e.settings, d.id AS "datasetId", d.name AS "datasetName", d.version, d.seed
     FROM experiment e JOIN dataset d ON d.id = e.dataset_id
     WHERE e.project_id = $1 AND e.id = $2 FOR SHARE`,
    [projectId, id],
  )
  return rows[0] ?? null
}
