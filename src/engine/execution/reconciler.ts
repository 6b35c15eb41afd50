/**
 * Repairs runs that lost their lanes, and items under leases that no lane has. Neither is known to happen; this exists
 * so that a bug, a restored backup or a hand-edited table costs half a minute instead of a run.
 */
import { transaction } from '../../db/client.ts'
import { deleteStrandedLanes, findStrandedRuns } from '../../db/sql/run/find-stranded-runs.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { requeueStranded } from '../../db/sql/run-item/requeue-stranded.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { setLanes } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import { countRequeued } from './requeue.ts'

/** Checks all runs once and returns the ids of those it repaired. Safe to run in several processes at once. */
export async function reconcile(services: Services): Promise<string[]> {
  const repaired: string[] = []
  for (const runId of await findStrandedRuns(services.db.pool, null)) {
    await transaction(services.db.pool, async (client) => {
      const run = await lockRun(client, runId)
      const still = await findStrandedRuns(client, runId)
      if (!run || still.length === 0) return
      await deleteStrandedLanes(client, runId)
      await setLanes(services.boss, client, run, run.settings.concurrency)
      await countRequeued(client, run, await requeueStranded(client, runId, run.seq))
      repaired.push(runId)
    })
  }
  if (repaired.length > 0) {
    const runIds = repaired.map((id) => encodeGlobalId('Run', id))
    services.log.warn({ runIds }, 'reconciler: repaired runs that no lane worked on')
  }
  return repaired
}
