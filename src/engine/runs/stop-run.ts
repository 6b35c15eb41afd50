import { transaction } from '../../db/client.ts'
import { channels } from '../../db/listener.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { cancelItems } from '../../db/sql/run-item/cancel-items.ts'
import { isFinished, type StopReason } from '../../domain/run.ts'
import type { Services } from '../services.ts'

/**
 * Stops a run on behalf of the server: its unfinished items become CANCELLED and calls in flight are aborted everywhere.
 * Returns whether it did; a run that is over or gone stays as it is.
 */
export async function stopRun(services: Services, runId: string, stopReason: StopReason): Promise<boolean> {
  const cancelled = await transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run || isFinished(run.status)) return null
    await cancelItems(client, runId, run.seq)
    const { queued, running } = run
    const cancelled = queued + running
    const delta = { seq: run.total, queued: -queued, running: -running, cancelled }
    await advanceRun(client, runId, { ...noDelta, ...delta, status: 'STOPPED', stopReason })
    await client.query('SELECT pg_notify($1, $2)', [channels.abort, runId])
    return cancelled
  })
  if (cancelled === null) return false
  services.metrics.ended({ succeeded: 0, failed: 0, cancelled })
  return true
}
