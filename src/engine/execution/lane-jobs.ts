/** The queue jobs that deliver lanes to workers: kept alive, completed, or sent again. */
import type { Job, JobWithMetadata } from 'pg-boss'
import { type Queryable, transaction } from '../../db/client.ts'
import { laneQueue, queryable, sendLanes } from '../../db/queue.ts'
import { loadLanes } from '../../db/sql/lane/load-lanes.ts'
import { deleteLane } from '../../db/sql/lane/run-lanes.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { countRecorded } from '../../db/sql/run-item/claim-items.ts'
import { isFinished } from '../../domain/run.ts'
import { type LaneJob, queueLanes } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import type { HeldLane } from './run-execution.ts'

type Queue = Pick<Services, 'boss' | 'db'>

/**
 * Sends the heartbeats of the jobs, and applies what lost notifications announced: ended runs, lost leases, new slots.
 */
export async function touchLanes({ boss, db }: Queue, held: readonly HeldLane[]): Promise<void> {
  if (held.length === 0) return
  await boss.touch(
    laneQueue,
    held.map(({ job }) => job),
  )
  const found = await loadLanes(
    db.pool,
    held.map(({ job }) => job.data.laneId),
  )
  for (const { job, lane } of held) {
    const state = found.get(job.data.laneId)
    if (!state || isFinished(state.status)) lane.interrupt('RUN_ENDED')
    else if (state.lease !== lane.lease) lane.interrupt('LEASE_LOST')
    else if (state.slots !== lane.slots) lane.resize(state.slots)
  }
}

/** Completes the job of a lane, and removes it; one that stopped before its run ended is queued again instead. */
export function finishLane(queue: Queue, { job, lane }: HeldLane, outcome: 'DONE' | 'STOPPED'): Promise<void> {
  const { laneId, runId } = job.data
  return completing(queue, job, async (client) => {
    const state = (await loadLanes(client, [laneId])).get(laneId)
    // The lane was taken over or removed.
    if (state?.lease !== lane.lease) return
    const isWanted =
      !isFinished(state.status) &&
      ((outcome === 'STOPPED' && state.slots > 0) ||
        // The last results may have let the evaluators of the run as a whole begin.
        state.evaluationsQueued > 0 ||
        (await hasMoreToScore(client, runId, state.remote)))
    if (isWanted) await queueLanes(queue.boss, client, [job.data], state.priority)
    else await deleteLane(client, laneId)
  })
}

/** Whether clients have recorded something since the lane found nothing left. They add a lane only if there is none. */
async function hasMoreToScore(client: Queryable, runId: string, remote: boolean): Promise<boolean> {
  const run = remote ? await lockRun(client, runId) : null
  return run !== null && (run.evaluationsQueued > 0 || (await countRecorded(client, runId)) > 0)
}

/** Puts a lane that was just fetched back at the end of the queue; removes it if its run has ended. */
export function returnLane(queue: Queue, job: JobWithMetadata<LaneJob>): Promise<void> {
  const { data, priority } = job
  return completing(queue, job, async (client) => {
    const state = (await loadLanes(client, [data.laneId])).get(data.laneId)
    if (state && !isFinished(state.status)) await sendLanes(queue.boss, client, [{ data, priority }])
    else await deleteLane(client, data.laneId)
  })
}

/** Completes the job and runs `work` in one transaction: the lane is in the queue once or not at all. */
function completing({ boss, db }: Queue, job: Job<LaneJob>, work: (client: Queryable) => Promise<void>): Promise<void> {
  return transaction(db.pool, async (client) => {
    await boss.complete(laneQueue, job, null, { db: queryable(client) })
    await work(client)
  })
}
