import type { Queryable } from '../../db/client.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'

/**
 * Counts items that a statement has just requeued. It gave each the feed position of its ordinal, so `seq` advances by
 * the run's total. The caller holds the run's lock.
 * @param count 0 writes nothing
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
