import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { laneQueue } from '../../queue.ts'
import { isRescored } from './rescoring.ts'

export interface IdleRun {
  id: string
  seq: number
}

/**
 * Runs of which nothing is running although items or evaluations are due and a worker holds a lane: it should claim them within a
 * second. An item that was due only a few seconds ago is ignored. Reads pg-boss's job table, see find-stranded-runs.ts.
 */
export function findIdleRuns(client: Queryable, runId: string | null): Promise<IdleRun[]> {
  return queryRows<IdleRun>(
    client,
    `SELECT r.id, r.seq FROM run r
     WHERE (r.status IN ('QUEUED', 'RUNNING') AND r.queued + r.evaluations_queued > 0 OR ${isRescored('r')})
       AND r.running + r.evaluations_running = 0
       AND r.created_at < now() - interval '10 seconds'
       AND ($1::uuid IS NULL OR r.id = $1)
       AND (
         (r.next_ordinal < r.total AND r.task ->> 'kind' <> 'client' AND r.queued > 0)
         OR (${isRescored('r')} AND (r.rescoring ->> 'next')::int < r.total)
         OR EXISTS (
           SELECT FROM run_item i
           WHERE i.run_id = r.id AND i.ordinal < r.next_ordinal AND i.status = 'QUEUED'
             AND (r.task ->> 'kind' <> 'client' OR i.recorded IS NOT NULL)
             AND i.available_at < now() - interval '5 seconds')
         OR EXISTS (
           SELECT FROM open_evaluation e
           WHERE r.evaluations_queued > 0 AND e.run_id = r.id AND e.available_at < now() - interval '5 seconds'))
       AND EXISTS (
         SELECT FROM run_lane l JOIN pgboss.job j ON j.name = '${laneQueue}' AND j.data ->> 'laneId' = l.id::text
         WHERE l.run_id = r.id AND l.slots > 0 AND j.state = 'active')`,
    [runId],
  )
}
