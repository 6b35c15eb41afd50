import { transaction } from '../../db/client.ts'
import { deleteLane } from '../../db/sql/lane/run-lanes.ts'
import { takeLane } from '../../db/sql/lane/take-lane.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { isOver } from '../../domain/rescoring.ts'
import type { Services } from '../services.ts'
import { requeueLease } from './requeue.ts'

/**
 * Makes this process the lane's holder, with a new lease, and requeues what the last holder left unfinished.
 * @returns null when the run is finished or deleted, or does not need the lane any more
 */
export function openLane(
  services: Pick<Services, 'db'>,
  { runId, laneId }: { runId: string; laneId: string },
): Promise<{ lease: string; slots: number } | null> {
  return transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run) return null
    if (isOver(run)) {
      await deleteLane(client, laneId)
      return null
    }
    const lane = await takeLane(client, laneId)
    if (!lane) return null
    const { lease, previous, slots } = lane
    if (previous !== null) await requeueLease(client, run, previous)
    if (slots > 0) return { lease, slots }
    await deleteLane(client, laneId)
    return null
  })
}
