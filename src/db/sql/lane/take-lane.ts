import type { Queryable } from '../../client.ts'

/** Transfers the lane to a new holder with a fresh lease, larger than any before. Null if the lane is gone. */
export async function takeLane(
  client: Queryable,
  laneId: string,
): Promise<{ lease: string; previous: string | null; slots: number } | null> {
  const { rows } = await client.query<{ lease: string; previous: string | null; slots: number }>(
    `UPDATE run_lane SET lease = nextval('lease_seq')
     FROM (SELECT id, lease FROM run_lane WHERE id = $1) old
     WHERE run_lane.id = old.id
     RETURNING run_lane.lease::text, old.lease::text AS previous, slots`,
    [laneId],
  )
  return rows[0] ?? null
}
