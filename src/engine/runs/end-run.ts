import type { Queryable } from '../../db/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { requeueHeldEvaluations } from '../../db/sql/evaluation/requeue-evaluations.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { cancelItems } from '../../db/sql/run-item/cancel-items.ts'
import type { StopReason } from '../../domain/run.ts'

export type Ending =
  | { status: 'CANCELLED' }
  | { status: 'STOPPED'; stopReason: Exclude<StopReason, 'PROVIDER'> }
  | { status: 'STOPPED'; stopReason: 'PROVIDER'; stopMessage: string }

/**
 * Ends a run early: its unfinished items become CANCELLED, and calls in flight are aborted in every process. Evaluations
 * of finished items stay open, for when it is resumed. The caller holds the run's lock.
 * @param delta what the transaction has changed so far; written together with the rest
 * @returns everything that the transaction changed
 */
export async function endRun(
  client: Queryable,
  run: LockedRun,
  ending: Ending,
  delta: RunDelta = { ...noDelta, status: run.status },
): Promise<RunDelta> {
  await cancelItems(client, run.id, run.seq + delta.seq)
  const evaluations = run.evaluationsRunning + delta.evaluationsRunning
  if (evaluations > 0) await requeueHeldEvaluations(client, run.id, 'ALL')
  const open = run.queued + delta.queued + run.running + delta.running
  const ended = {
    ...delta,
    ...ending,
    seq: delta.seq + run.total,
    queued: -run.queued,
    running: -run.running,
    cancelled: delta.cancelled + open,
    evaluationsQueued: delta.evaluationsQueued + evaluations,
    evaluationsRunning: -run.evaluationsRunning,
  }
  await advanceRun(client, run.id, ended)
  await notify(client, channels.abort, run.id)
  return ended
}
