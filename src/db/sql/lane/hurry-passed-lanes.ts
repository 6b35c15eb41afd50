import type { Queryable } from '../../client.ts'
import { channels, notify } from '../../listener.ts'
import { laneQueue } from '../../queue.ts'

/**
 * Offers again at once the lanes that workers have passed on, because a worker has come whose functions may be those
 * that their runs wait for. Reads pg-boss's job table, see find-stranded-runs.ts.
 */
export async function hurryPassedLanes(client: Queryable): Promise<void> {
  await client.query(
    `UPDATE pgboss.job SET start_after = now()
     WHERE name = '${laneQueue}' AND state = 'created' AND start_after > now() AND data ? 'passed'`,
  )
  await notify(client, channels.lane)
}
