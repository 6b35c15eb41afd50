import type { Queryable } from '../../db/client.ts'
import { requeueEvaluations } from '../../db/sql/evaluation/requeue-evaluations.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import type { LockedRun } from '../../db/sql/run/lock-run.ts'
import { requeueClaims } from '../../db/sql/run-item/requeue-claims.ts'

/** How much went back to the queue. */
export interface Requeued {
  items: number
  evaluations: number
}

/** Requeues everything under a lease whose holder is gone. The caller holds the run's lock. */
export async function requeueLease(client: Queryable, run: LockedRun, lease: string): Promise<Requeued> {
  const requeued = {
    items: await requeueClaims(client, run.id, lease, null, run.seq),
    evaluations: await requeueEvaluations(client, run.id, lease, null),
  }
  await countRequeued(client, run, requeued)
  return requeued
}

/**
 * Counts what statements have just requeued; nothing writes nothing. They gave each item the feed position of its
 * ordinal, so `seq` advances by the run's total. The caller holds the run's lock.
 */
export async function countRequeued(
  client: Queryable,
  run: LockedRun,
  { items, evaluations }: Requeued,
): Promise<void> {
  if (items + evaluations === 0) return
  await advanceRun(client, run.id, {
    ...noDelta,
    status: run.status,
    seq: items > 0 ? run.total : 1,
    queued: items,
    running: -items,
    evaluationsQueued: evaluations,
    evaluationsRunning: -evaluations,
  })
}
