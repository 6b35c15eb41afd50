import { transaction } from '../../db/client.ts'
import { deleteLane } from '../../db/sql/lane/run-lanes.ts'
import { takeLane } from '../../db/sql/lane/take-lane.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { requeueClaims } from '../../db/sql/run-item/requeue-claims.ts'
import { isFinished } from '../../domain/run.ts'
import type { Services } from '../services.ts'
import { countRequeued } from './requeue.ts'

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
    if (isFinished(run.status)) {
      await deleteLane(client, laneId)
      return null
    }
    const lane = await takeLane(client, laneId)
    if (!lane) return null
    const { lease, previous, slots } = lane
    if (previous !== null) await countRequeued(client, run, await requeueClaims(client, runId, previous, null, run.seq))
    if (slots > 0) return { lease, slots }
    await deleteLane(client, laneId)
    return null
  })
}
