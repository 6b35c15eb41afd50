import { transaction } from '../../db/client.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { isFinished, type StopReason } from '../../domain/run.ts'
import type { Services } from '../services.ts'
import { endRun } from './end-run.ts'

/**
 * Stops a run on behalf of the server: its unfinished items become CANCELLED and calls in flight are aborted everywhere.
 * Returns whether it did; a run that is over or gone stays as it is.
 */
export async function stopRun(services: Services, runId: string, stopReason: StopReason): Promise<boolean> {
  const ended = await transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run || isFinished(run.status)) return null
    return endRun(client, run, { status: 'STOPPED', stopReason })
  })
  if (ended) services.metrics.ended(ended)
  return ended !== null
}
