import type { Run } from '../../db/generated/prisma/client.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { removeEarlyStop } from '../../db/sql/run/update-run.ts'
import { reopenItems } from '../../db/sql/run-item/reopen-items.ts'
import { ConflictError } from '../../domain/errors.ts'
import { spentUsd, stopReason } from '../../domain/execution/stop-rules.ts'
import { isFinished } from '../../domain/run.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { renewLanes, workerConcurrency } from './lanes.ts'
import { changeRun } from './locked-run.ts'

/**
 * Continues a cancelled or stopped run with its unfinished items; its results stay. A run that was stopped by its
 * comparison loses that rule, which would stop it again at once.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is not cancelled or stopped, or would stop again at once
 */
export function resumeRun(services: Services, scope: Scope, runId: string): Promise<Run> {
  return reopen(services, scope, runId, (run) => {
    if (run.status !== 'CANCELLED' && run.status !== 'STOPPED') {
      throw new ConflictError(`Only a cancelled or stopped run can be resumed; this one is ${run.status}.`, ['id'])
    }
    const again = stopReason({ ...run, queued: run.cancelled }, run.settings)
    if (again === 'BUDGET') {
      throw new ConflictError(
        `The run has spent ${spentUsd(run)} of its ${run.settings.budgetUsd} USD and would stop at once. Raise its budgetUsd with updateRun first.`,
        ['id'],
      )
    }
    if (again === 'FAILURE_RATE') {
      throw new ConflictError(
        `${run.failed} of ${run.failed + run.succeeded} finished items failed and the run would stop at once. Retry them with retryFailedItems, or raise its maxFailureRate with updateRun first.`,
        ['id'],
      )
    }
    if (run.cancelled === 0)
      throw new ConflictError('Every item of this run is finished; there is nothing to resume.', ['id'])
    return 'CANCELLED'
  })
}

/**
 * Executes the failed items of a finished run again, each with all of its attempts; everything else stays.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is unfinished, or none of its items failed
 */
export function retryFailedItems(services: Services, scope: Scope, runId: string): Promise<Run> {
  return reopen(services, scope, runId, (run) => {
    if (!isFinished(run.status)) {
      throw new ConflictError(`Only failed items of a finished run can be retried; this one is ${run.status}.`, ['id'])
    }
    if (run.failed === 0) throw new ConflictError('No item of this run failed.', ['id'])
    return 'FAILED'
  })
}

function reopen(
  services: Services,
  scope: Scope,
  runId: string,
  decide: (run: LockedRun) => 'CANCELLED' | 'FAILED',
): Promise<Run> {
  return changeRun(services, scope, runId, async (client, run) => {
    const status = decide(run)
    const reopened = await reopenItems(client, run, status, { afresh: status === 'FAILED' })
    if (run.stopReason === 'EARLY_DECISION') await removeEarlyStop(client, runId)
    await advanceRun(client, runId, {
      ...noDelta,
      status: 'QUEUED',
      seq: run.total,
      // Items that were cancelled before their first claim stay cancelled: the schedule must not hand them out again.
      nextOrdinal: status === 'FAILED' ? run.total - run.nextOrdinal : 0,
      queued: reopened,
      cancelled: status === 'CANCELLED' ? -reopened : 0,
      failed: status === 'FAILED' ? -reopened : 0,
    })
    await renewLanes(services.boss, client, run, Math.min(await workerConcurrency(client, run), reopened))
  })
}
