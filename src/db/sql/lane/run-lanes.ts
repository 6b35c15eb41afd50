/** The lanes of a run. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'

/** The ids of the run's lanes for workers, in a stable order. */
export async function listLaneIds(client: Queryable, runId: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM run_lane WHERE run_id = $1 AND expires_at IS NULL ORDER BY id',
    [runId],
  )
  return rows.map(({ id }) => id)
}

/** Adds a lane per number of slots; returns their ids in that order. */
export async function insertLanes(client: Queryable, runId: string, slots: readonly number[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    'INSERT INTO run_lane (run_id, slots) SELECT $1, unnest($2::int[]) RETURNING id',
    [runId, slots],
  )
  return rows.map(({ id }) => id)
}

/** Changes the slots of all these lanes in one statement; their holders see it on their next poll. */
export async function resizeLanes(client: Queryable, lanes: readonly { id: string; slots: number }[]): Promise<void> {
  await client.query(
    'UPDATE run_lane SET slots = s.slots FROM unnest($1::uuid[], $2::int[]) s (id, slots) WHERE run_lane.id = s.id',
    [lanes.map(({ id }) => id), lanes.map(({ slots }) => slots)],
  )
}

export async function deleteLane(client: Queryable, laneId: string): Promise<void> {
  await client.query('DELETE FROM run_lane WHERE id = $1', [laneId])
}

/** Removes the run's lanes for workers. */
export async function deleteLanes(client: Queryable, runId: string): Promise<void> {
  await client.query('DELETE FROM run_lane WHERE run_id = $1 AND expires_at IS NULL', [runId])
}
