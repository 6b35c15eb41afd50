import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { RunSettings, RunSubset } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Waits until no other transaction is joining or starting a run of this name, and keeps others waiting till this ends. */
export async function lockRunName(client: Queryable, experimentId: string, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`run-name:${experimentId}:${name}`])
}

export interface UnfinishedRun {
  id: string
  task: TaskSpec
  datasetVersion: number
  settings: RunSettings
  subset: RunSubset | null
  seed: string
}

/** The newest unfinished run of this name of an experiment. Read after the lock, so that it sees the run it waited for. */
export async function findUnfinishedRun(
  client: Queryable,
  experimentId: string,
  name: string,
): Promise<UnfinishedRun | null> {
  const rows = await queryRows<UnfinishedRun>(
    client,
    `SELECT id, task, dataset_version AS "datasetVersion", settings, subset, seed FROM run
     WHERE experiment_id = $1 AND name = $2 AND status IN ('QUEUED', 'RUNNING') ORDER BY created_at DESC LIMIT 1`,
    [experimentId, name],
  )
  return rows[0] ?? null
}
