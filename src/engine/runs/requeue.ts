import type { Queryable } from '../../db/client.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'

/**
 * Counts items that a statement has just put back into the queue, each at the place of the feed that its ordinal gives
 * it. The caller holds the run's lock.
 * @param count how many; with 0 nothing is written
 */
export async function countRequeued(client: Queryable, run: LockedRun, count: number): Promise<void> {
  if (count === 0) return
  await advanceRun(client, run.id, {
    ...noDelta,
    status: run.status,
    seq: run.total,
    queued: count,
    running: -count,
  })
}
