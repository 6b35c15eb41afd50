import type { Run } from '../../db/generated/prisma/client.ts'
import { ConflictError } from '../../domain/errors.ts'
import { canTransition } from '../../domain/run.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { endRun } from './end-run.ts'
import { changeRun } from './locked-run.ts'

/**
 * Cancels a run: its unfinished items become CANCELLED, and calls in flight are aborted in every process.
 * A run that is already cancelled is returned unchanged.
 *
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is completed or stopped
 */
export async function cancelRun(services: Services, scope: Scope, runId: string): Promise<Run> {
  let cancelled = 0
  const cancelledRun = await changeRun(services, scope, runId, async (client, run) => {
    if (run.status === 'CANCELLED') return
    if (!canTransition(run.status, 'CANCELLED')) {
      throw new ConflictError(`Only a queued or running run can be cancelled; this one is ${run.status}.`, ['id'])
    }
    cancelled = (await endRun(client, run, { status: 'CANCELLED' })).cancelled
  })
  services.metrics.ended({ succeeded: 0, failed: 0, cancelled })
  return cancelledRun
}
