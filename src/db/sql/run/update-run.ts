/** Changes of a run that do not follow from its counters. The caller holds the run's lock. */
import type { RunSettings } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

export async function updateSettings(
  client: Queryable,
  runId: string,
  settings: RunSettings,
  priority: number,
): Promise<void> {
  await client.query('UPDATE run SET settings = $2, priority = $3 WHERE id = $1', [
    runId,
    JSON.stringify(settings),
    priority,
  ])
}

/** Its comparison no longer stops the run. */
export async function removeEarlyStop(client: Queryable, runId: string): Promise<void> {
  await client.query('UPDATE run SET early_stop = NULL WHERE id = $1', [runId])
}
