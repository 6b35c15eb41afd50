/** The arithmetic of a ledger transaction: the run as it will be once the delta is written. Pure. */
import type { RunDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import type { ClaimRange } from '../../db/sql/run-item/claim-items.ts'
import type { RunSituation } from '../../domain/execution/stop-rules.ts'
import type { RunStatus } from '../../domain/run.ts'

/** The run with the delta applied. */
export function situation(run: LockedRun, delta: RunDelta): RunSituation {
  return {
    total: run.total,
    queued: run.queued + delta.queued,
    running: run.running + delta.running,
    succeeded: run.succeeded + delta.succeeded,
    failed: run.failed + delta.failed,
    costSum: run.costSum + delta.costSum,
    evaluatorCostSum: run.evaluatorCostSum + delta.evaluatorCostSum,
    costCount: run.costCount + delta.costCount,
    costMax: delta.costMax === null ? run.costMax : Math.max(run.costMax ?? 0, delta.costMax),
    evaluationsQueued: run.evaluationsQueued + delta.evaluationsQueued,
    evaluationsRunning: run.evaluationsRunning + delta.evaluationsRunning,
  }
}

/** Moves `count` items from one state to the other. They take `positions` of the feed, by default one each. */
export function transfer(
  delta: RunDelta,
  count: number,
  from: 'queued' | 'running',
  to: 'queued' | 'running',
  positions = count,
): void {
  delta.seq += positions
  delta[from] -= count
  delta[to] += count
}

/** Moves `count` evaluations from one state to the other. */
export function transferEvaluations(delta: RunDelta, count: number, from: 'queued' | 'running'): void {
  const moved = from === 'queued' ? count : -count
  delta.evaluationsQueued -= moved
  delta.evaluationsRunning += moved
}

/** Queued items that were claimed before and wait for another attempt. */
export function waiting(run: LockedRun, delta: RunDelta): number {
  const fresh = run.total - run.nextOrdinal - delta.nextOrdinal
  return run.queued + delta.queued - fresh
}

/** Takes up to `count` fresh items off the schedule, as running. Their feed positions are counted by `claimRanges`. */
export function takeFresh(run: LockedRun, delta: RunDelta, lease: string, count: number): ClaimRange {
  const from = run.nextOrdinal + delta.nextOrdinal
  const taken = Math.max(0, Math.min(count, run.total - from))
  delta.nextOrdinal += taken
  transfer(delta, taken, 'queued', 'running', 0)
  return { lease, from, count: taken }
}

/** The status of a run that was not stopped. */
export function statusAfter(run: LockedRun, delta: RunDelta): RunStatus {
  const { queued, running, evaluationsQueued, evaluationsRunning } = situation(run, delta)
  if (running + evaluationsRunning > 0) return 'RUNNING'
  if (queued + evaluationsQueued > 0) return run.status
  // A retry of the failed items of a cancelled run leaves its cancelled items: the run is CANCELLED again.
  return run.cancelled > 0 ? 'CANCELLED' : 'COMPLETED'
}
