import type { PinnedFunctions } from '../../../domain/execution/functions.ts'
import type { TaskSpec } from '../../../domain/execution/task.ts'
import type { Rescoring } from '../../../domain/rescoring.ts'
import type { RunSettings } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { isRescored } from './rescoring.ts'

/**
 * The immutable part of a run that its execution needs. Settings that `updateRun` can change are read where they apply.
 */
export interface PinnedRun {
  projectId: string
  task: TaskSpec
  /** Null without any, and in runs from before it was kept that no worker has taken since. */
  functions: PinnedFunctions | null
  settings: Pick<RunSettings, 'timeoutMs' | 'maxAttempts' | 'cache'>
  /** How its outputs are scored again; null: they are not. */
  rescoring: Rescoring | null
}

/** Null when the run is gone. */
export async function loadPinnedRun(client: Queryable, runId: string): Promise<PinnedRun | null> {
  const { rows } = await client.query<PinnedRun>(
    `SELECT project_id AS "projectId", task, functions, settings, CASE WHEN ${isRescored('run')} THEN rescoring END AS rescoring
     FROM run WHERE id = $1`,
    [runId],
  )
  return rows[0] ?? null
}
