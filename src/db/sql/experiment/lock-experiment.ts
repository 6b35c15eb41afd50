import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { RunSettings } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/** The parts of its experiment and dataset that a run pins. */
export interface LockedExperiment {
  id: string
  name: string
  metadata: Json
  task: TaskSpec
  settings: RunSettings
  /** Null: all that are active for the dataset. */
  evaluatorIds: string[] | null
  datasetId: string
  datasetName: string
  /** The dataset's current version. */
  version: number
  seed: string
}

/** Reads the experiment and protects it and its dataset from changes and deletion until the transaction ends. */
export async function lockExperiment(
  client: Queryable,
  projectId: string,
  id: string,
): Promise<LockedExperiment | null> {
  const { rows } = await client.query<LockedExperiment>(
    `SELECT e.id, e.name, e.metadata, e.task, e.settings,
            CASE WHEN e.evaluators_named THEN ARRAY (
              SELECT evaluator_id::text FROM experiment_evaluator WHERE experiment_id = e.id
            ) END AS "evaluatorIds", d.id AS "datasetId", d.name AS "datasetName", d.version,
            d.seed
     FROM experiment e JOIN dataset d ON d.id = e.dataset_id
     WHERE e.project_id = $1 AND e.id = $2 FOR SHARE`,
    [projectId, id],
  )
  return rows[0] ?? null
}
