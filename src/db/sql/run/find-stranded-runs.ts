import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { laneQueue } from '../../queue.ts'
import { isRescored } from './rescoring.ts'

/**
 * Lanes without a job, which would never reach a worker. A lane and its job are created and deleted in one transaction.
 * Clients need none for theirs.
 */
const withoutJob = `l.expires_at IS NULL AND NOT EXISTS (
  SELECT FROM pgboss.job j WHERE j.name = '${laneQueue}' AND j.state < 'completed'
    AND j.data ->> 'laneId' = l.id::text)`

/**
 * Runs with open items for workers that have no lane, or a lane without a job, or items or evaluations whose lease belongs to no lane.
 * Of a run that clients execute, what they have recorded is for workers; the rest waits for them, however long. Reads
 * pg-boss's job table, because its API has no call for many jobs at once; its version is pinned. Runs younger than a
 * few seconds are ignored: they may just be starting.
 */
export async function findStrandedRuns(client: Queryable, runId: string | null): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(
    client,
    `SELECT r.id FROM run r
     WHERE (r.status IN ('QUEUED', 'RUNNING') AND r.queued + r.running + r.evaluations_queued + r.evaluations_running > 0
         OR ${isRescored('r')})
       AND r.created_at < now() - interval '10 seconds'
       AND ($1::uuid IS NULL OR r.id = $1)
       AND (
         NOT EXISTS (SELECT FROM run_lane l WHERE l.run_id = r.id AND l.expires_at IS NULL)
           AND (r.task ->> 'kind' <> 'client' OR ${isRescored('r')} OR r.evaluations_queued + r.evaluations_running > 0 OR EXISTS (
             SELECT FROM run_item i WHERE i.run_id = r.id AND i.available_at IS NOT NULL AND i.recorded IS NOT NULL))
         OR EXISTS (SELECT FROM run_lane l WHERE l.run_id = r.id AND ${withoutJob})
         OR EXISTS (
           SELECT FROM run_item i
           WHERE r.running > 0 AND i.run_id = r.id AND i.ordinal < r.next_ordinal AND i.status = 'RUNNING'
             AND NOT EXISTS (SELECT FROM run_lane l WHERE l.run_id = r.id AND l.lease = i.lease))
         OR EXISTS (
           SELECT FROM open_evaluation e
           WHERE r.evaluations_running > 0 AND e.run_id = r.id AND e.lease IS NOT NULL
             AND NOT EXISTS (SELECT FROM run_lane l WHERE l.run_id = r.id AND l.lease = e.lease)))`,
    [runId],
  )
  return rows.map((row) => row.id)
}

/** Removes the lanes of a run that have no job. */
export async function deleteStrandedLanes(client: Queryable, runId: string): Promise<void> {
  await client.query(`DELETE FROM run_lane l WHERE run_id = $1 AND ${withoutJob}`, [runId])
}
