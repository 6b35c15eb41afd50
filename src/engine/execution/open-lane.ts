import { transaction } from '../../db/client.ts'
import { takeLane } from '../../db/sql/lane/take-lane.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { requeueClaims } from '../../db/sql/run-item/requeue-claims.ts'
import { isFinished } from '../../domain/run.ts'
import type { Services } from '../services.ts'
import { loadRunPlan, type RunPlan } from './run-plan.ts'

/**
 * Makes this process the lane's holder: a new lease, and what the last holder left behind goes back to the queue.
 * Null when there is nothing to do: the run is over or gone, or needs this lane no more.
 */
export function openLane(
  services: Services,
  { runId, laneId }: { runId: string; laneId: string },
): Promise<{ plan: RunPlan; lease: string; slots: number } | null> {
  return transaction(services.db.pool, async (client) => {
    const run = await lockRun(client, runId)
    if (!run || isFinished(run.status)) return null
    const lane = await takeLane(client, laneId)
    const plan = lane && (await loadRunPlan(client, runId, services))
    if (!lane || !plan) return null
    if (lane.previous !== null) {
      const lost = await requeueClaims(client, runId, lane.previous, [], run.seq)
      if (lost > 0) {
        await advanceRun(client, runId, {
          ...noDelta,
          status: run.status,
          seq: run.total,
          queued: lost,
          running: -lost,
        })
      }
    }
    if (lane.slots === 0) {
      await client.query('DELETE FROM run_lane WHERE id = $1', [laneId])
      return null
    }
    return { plan, lease: lane.lease, slots: lane.slots }
  })
}
