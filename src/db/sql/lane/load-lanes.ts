import type { RunStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/** A lane with what its holder must know of its run. */
export interface LaneState {
  id: string
  /** Of its holder; null when nobody has taken it yet. */
  lease: string | null
  slots: number
  status: RunStatus
  priority: number
}

/** Lanes by id; those that are gone are absent. One statement for all lanes of a process, which asks every few seconds. */
export async function loadLanes(client: Queryable, laneIds: readonly string[]): Promise<Map<string, LaneState>> {
  const { rows } = await client.query<LaneState>(
    `SELECT l.id, l.lease::text, l.slots, r.status, r.priority FROM run_lane l JOIN run r ON r.id = l.run_id
     WHERE l.id = ANY ($1::uuid[])`,
    [laneIds],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
