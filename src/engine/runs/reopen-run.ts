import type { Run } from '../../db/generated/prisma/client.ts'
import { hasFailedAtClients, reopenFailedEvaluations, repinLimits } from '../../db/sql/evaluation/reopen-failed.ts'
import { closeRunEvaluations, hasFailedRunScores } from '../../db/sql/evaluation/run-evaluations.ts'
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
import { requireNotRescored, requireOutputs } from './rescore-runs.ts'

/**
 * Continues a cancelled or stopped run with its unfinished items; its results stay. A run that was stopped by its
 * comparison loses that rule, which would stop it again at once.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is not cancelled or stopped, would stop again at once, or is being scored again
 */
export function resumeRun(services: Services, scope: Scope, runId: string): Promise<Run> {
  return reopen(services, scope, runId, (run) => {
    if (run.status !== 'CANCELLED' && run.status !== 'STOPPED') {
      throw new ConflictError(`Only a cancelled or stopped run can be resumed; this one is ${run.status}.`, ['id'])
    }
    requireContinuing({ ...run, queued: run.cancelled })
    if (run.cancelled + run.evaluationsQueued === 0)
      throw new ConflictError('Every item of this run is finished; there is nothing to resume.', ['id'])
    return 'CANCELLED'
  })
}

/** @throws {ConflictError} the run, as it would be continued, would stop at once */
function requireContinuing(run: LockedRun): void {
  const again = stopReason(run, run.settings)
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
}

/**
 * Executes the failed items of a finished run again, each with all of its attempts; everything else stays.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is unfinished or being scored again, or none of its items failed
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

/**
 * Calls the evaluators of a finished run again for the scores in whose place they left an error, each with all of its
 * attempts, its present time limit and the stored output; everything else stays. A score stays an error until there is
 * another.
 * @throws {NotFoundError} no such run
 * @throws {ConflictError} the run is unfinished or being scored again, has no such score or its outputs no more, or would
 *   stop again at once
 */
export function retryFailedScores(services: Services, scope: Scope, runId: string): Promise<Run> {
  return changeRun(services, scope, runId, async (client, run) => {
    requireNotRescored(run, ['id'])
    if (!isFinished(run.status)) {
      throw new ConflictError(`Only failed scores of a finished run can be retried; this one is ${run.status}.`, ['id'])
    }
    requireOutputs(run, ['id'])
    const opened = await reopenFailedEvaluations(client, runId)
    const ofRun = await hasFailedRunScores(client, runId)
    if (opened === 0 && !ofRun) {
      const reason = (await hasFailedAtClients(client, runId))
        ? 'Only evaluators that clients execute failed in this run: the server does not have them.'
        : 'No evaluator failed in this run.'
      throw new ConflictError(reason, ['id'])
    }
    const closed = await closeRunEvaluations(client, runId)
    const evaluationsQueued = run.evaluationsQueued + opened - closed
    requireContinuing({ ...run, evaluationsQueued })
    await repinLimits(client, runId)
    if (run.stopReason === 'EARLY_DECISION') await removeEarlyStop(client, runId)
    await advanceRun(client, runId, {
      ...noDelta,
      status: 'QUEUED',
      seq: 1,
      evaluationsQueued: opened - closed,
      runScored: false,
    })
    const concurrency = await workerConcurrency(client, { ...run, evaluationsQueued })
    await renewLanes(services.boss, client, run, Math.max(1, Math.min(concurrency, evaluationsQueued)))
  })
}

function reopen(
  services: Services,
  scope: Scope,
  runId: string,
  decide: (run: LockedRun) => 'CANCELLED' | 'FAILED',
): Promise<Run> {
  return changeRun(services, scope, runId, async (client, run) => {
    requireNotRescored(run, ['id'])
    const status = decide(run)
    const closed = await closeRunEvaluations(client, runId)
    const reopened = await reopenItems(client, run, status, { afresh: status === 'FAILED' })
    if (run.stopReason === 'EARLY_DECISION') await removeEarlyStop(client, runId)
    await advanceRun(client, runId, {
      ...noDelta,
      status: 'QUEUED',
      // Their evaluators see other items then.
      runScored: false,
      seq: run.total,
      // Items that were cancelled before their first claim stay cancelled: the schedule must not hand them out again.
      nextOrdinal: status === 'FAILED' ? run.total - run.nextOrdinal : 0,
      queued: reopened,
      evaluationsQueued: -closed,
      cancelled: status === 'CANCELLED' ? -reopened : 0,
      failed: status === 'FAILED' ? -reopened : 0,
    })
    await renewLanes(
      services.boss,
      client,
      run,
      Math.max(1, Math.min(await workerConcurrency(client, run), reopened + run.evaluationsQueued - closed)),
    )
  })
}
