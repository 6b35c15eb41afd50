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
  const { rows } = await client.query<Omit<LockedExperiment, 'evaluatorIds'> & { evaluatorsNamed: boolean }>(
    `SELECT e.id, e.name, e.metadata, e.task, e.settings, e.evaluators_named AS "evaluatorsNamed",
            d.id AS "datasetId", d.name AS "datasetName", d.version, d.seed
     FROM experiment e JOIN dataset d ON d.id = e.dataset_id
     WHERE e.project_id = $1 AND e.id = $2 FOR SHARE`,
    [projectId, id],
  )
  const [found] = rows
  if (!found) return null
  const { evaluatorsNamed, ...experiment } = found
  return { ...experiment, evaluatorIds: evaluatorsNamed ? await loadEvaluatorIds(client, id) : null }
}

/** A statement of its own: one that had to wait for the lock still sees the list from before the change. */
async function loadEvaluatorIds(client: Queryable, experimentId: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT evaluator_id AS id FROM experiment_evaluator WHERE experiment_id = $1',
    [experimentId],
  )
  return rows.map((row) => row.id)
}
