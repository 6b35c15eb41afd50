import type { Queryable } from '../../db/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { closeEvaluations } from '../../db/sql/evaluation/open-rescoring.ts'
import { deleteLanes } from '../../db/sql/lane/run-lanes.ts'
import { advanceRun, noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import type { Rescoring } from '../../domain/rescoring.ts'

/**
 * Ends that a run is scored again. What has been scored stays; what was left is not scored, and its calls are aborted. The
 * caller holds the run's lock.
 * @param delta what the transaction has changed so far; written together with the rest
 */
export async function endRescoring(
  client: Queryable,
  run: LockedRun & { rescoring: Rescoring },
  delta: RunDelta,
  status: Exclude<Rescoring['status'], 'RUNNING'>,
): Promise<void> {
  const { rescoring } = run
  const queued = run.evaluationsQueued + delta.evaluationsQueued
  const running = run.evaluationsRunning + delta.evaluationsRunning
  const ended = { ...delta, rescoring: { ...rescoring, status }, seq: Math.max(delta.seq, 1) }
  if (status !== 'COMPLETED') {
    await closeEvaluations(client, { id: run.id, seq: run.seq + delta.seq }, rescoring.next)
    ended.seq = delta.seq + run.total
    ended.rescoring.opened -= queued + running
  }
  await advanceRun(client, run.id, {
    ...ended,
    evaluationsQueued: -run.evaluationsQueued,
    evaluationsRunning: -run.evaluationsRunning,
  })
  await deleteLanes(client, run.id)
  await notify(client, channels.abort, run.id)
}

/** The run as it is, for a change of nothing but how its outputs are scored. */
export function unchanged({ status, stopReason, stopMessage }: LockedRun): RunDelta {
  return { ...noDelta, status, stopReason, stopMessage }
}
