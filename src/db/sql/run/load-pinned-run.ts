import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { RunSettings } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/**
 * The immutable part of a run that its execution needs. Settings that `updateRun` can change are read where they apply.
 */
export interface PinnedRun {
  projectId: string
  task: TaskSpec
  settings: Pick<RunSettings, 'timeoutMs' | 'maxAttempts' | 'cache'>
}

/** Null when the run is gone. */
export async function loadPinnedRun(client: Queryable, runId: string): Promise<PinnedRun | null> {
  const { rows } = await client.query<PinnedRun>(
    'SELECT project_id AS "projectId", task, settings FROM run WHERE id = $1',
    [runId],
  )
  return rows[0] ?? null
}
