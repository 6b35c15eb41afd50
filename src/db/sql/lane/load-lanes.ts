import type { RunStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { isRescored } from '../run/rescoring.ts'

/** A lane and the state of its run that its holder needs. */
export interface LaneState {
  id: string
  /** The holder's lease; null before the lane is taken. */
  lease: string | null
  slots: number
  /** RUNNING also while its outputs are scored again. */
  status: RunStatus
  priority: number
  /** Whether clients execute the run. */
  remote: boolean
  /** Evaluations of the run that wait. */
  evaluationsQueued: number
}

/** Lanes by id, without deleted ones. One statement for all lanes of a process, which polls every few seconds. */
export async function loadLanes(client: Queryable, laneIds: readonly string[]): Promise<Map<string, LaneState>> {
  const { rows } = await client.query<LaneState>(
    `SELECT l.id, l.lease::text, l.slots, CASE WHEN ${isRescored('r')} THEN 'RUNNING' ELSE r.status END AS status, r.priority, r.task ->> 'kind' = 'client' AS remote,
       r.evaluations_queued AS "evaluationsQueued"
     FROM run_lane l JOIN run r ON r.id = l.run_id
     WHERE l.id = ANY ($1::uuid[])`,
    [laneIds],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
