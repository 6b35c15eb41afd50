import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { laneQueue } from '../../queue.ts'

/** The backlog of the whole installation. */
export interface QueueDepth {
  /** Lanes without a worker. */
  lanes: number
  /** Queued items of unfinished runs. */
  items: number
  /** Unfinished runs. */
  runs: number
}

/**
 * Reads pg-boss's job table, because its API counts jobs only every few seconds; finished jobs are deleted within
 * minutes.
 */
export async function measureQueue(client: Queryable): Promise<QueueDepth> {
  const rows = await queryRows<QueueDepth>(
    client,
    `SELECT (SELECT count(*)::int FROM pgboss.job WHERE name = '${laneQueue}' AND state < 'active') AS lanes,
            coalesce(sum(queued), 0)::int AS items, count(*)::int AS runs
     FROM run WHERE status IN ('QUEUED', 'RUNNING')`,
  )
  return rows[0] ?? { lanes: 0, items: 0, runs: 0 }
}
