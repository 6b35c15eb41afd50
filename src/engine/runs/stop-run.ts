import { transaction } from '../../db/client.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { isFinished } from '../../domain/run.ts'
import type { Services } from '../services.ts'
import { endRun } from './end-run.ts'

/**
 * Stops a run on the server's own decision: its unfinished items become CANCELLED, and calls in flight are aborted in
 * every process.
 * @returns false for a run that is finished or deleted
 */
export async function stopRun(services: Services, runId: string, stopReason: 'EARLY_DECISION'): Promise<boolean> {
  const ended = await transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run || isFinished(run.status)) return null
    return endRun(client, run, { status: 'STOPPED', stopReason })
  })
  if (ended) services.metrics.ended(ended)
  return ended !== null
}
