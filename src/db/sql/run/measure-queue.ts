import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { laneQueue } from '../../queue.ts'

/** What waits in the whole installation. */
export interface QueueDepth {
  /** Lanes that no worker has. */
  lanes: number
  /** Items of unfinished runs that are queued. */
  items: number
  /** Unfinished runs. */
  runs: number
}

/** Reads pg-boss' job table for what its interface only counts every few seconds; finished jobs are gone within minutes. */
export async function measureQueue(client: Queryable): Promise<QueueDepth> {
  const rows = await queryRows<QueueDepth>(
    client,
    `SELECT (SELECT count(*)::int FROM pgboss.job WHERE name = '${laneQueue}' AND state < 'active') AS lanes,
            coalesce(sum(queued), 0)::int AS items, count(*)::int AS runs
     FROM run WHERE status IN ('QUEUED', 'RUNNING')`,
  )
  return rows[0] ?? { lanes: 0, items: 0, runs: 0 }
}
