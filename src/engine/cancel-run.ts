import type { Run } from '../db/generated/prisma/client.ts'
import { channels } from '../db/listener.ts'
import { advanceRun, noDelta } from '../db/sql/advance-run.ts'
import { cancelItems } from '../db/sql/cancel-items.ts'
import { ConflictError } from '../domain/errors.ts'
import { canTransition } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { changeRun } from './change-run.ts'
import type { Engine } from './engine.ts'

/**
 * Ends a run with what it has: its unfinished items become CANCELLED and calls in flight are aborted everywhere.
 * A run that is cancelled already is returned as it is.
 *
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is completed or stopped
 */
export async function cancelRun(engine: Engine, scope: Scope, runId: string): Promise<Run> {
  let cancelled = 0
  const cancelledRun = await changeRun(engine, scope, runId, async (client, run) => {
    if (run.status === 'CANCELLED') return
    if (!canTransition(run.status, 'CANCELLED')) {
      throw new ConflictError(`Only a queued or running run can be cancelled; this one is ${run.status}.`, ['id'])
    }
    await cancelItems(client, runId, run.seq)
    const { queued, running } = run
    cancelled = queued + running
    await advanceRun(client, runId, {
      ...noDelta,
      status: 'CANCELLED',
      seq: run.total,
      queued: -queued,
      running: -running,
      cancelled,
    })
    await client.query('SELECT pg_notify($1, $2)', [channels.abort, runId])
  })
  engine.metrics.ended({ succeeded: 0, failed: 0, cancelled })
  return cancelledRun
}
