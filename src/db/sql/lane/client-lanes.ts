/** The lanes that clients hold. Except for `renewClientLane`, the caller holds the run's lock. */
import type { RunStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Adds a lane for a client, with a fresh lease. */
export async function addClientLane(client: Queryable, runId: string, leaseMs: number): Promise<string> {
  const rows = await queryRows<{ lease: string }>(
    client,
    `INSERT INTO run_lane (run_id, slots, lease, expires_at)
     VALUES ($1, 0, nextval('lease_seq'), now() + $2 * interval '1 ms') RETURNING lease::text`,
    [runId, leaseMs],
  )
  return rows[0]?.lease as string
}

/** A lane as its holder renewed it. */
export interface RenewedLane {
  status: RunStatus
  /** Of the whole run. */
  concurrency: number
  /** The leases of all clients of the run, the oldest first. */
  leases: string[]
}

/**
 * Lets a client keep its lane. One statement without the run's lock, because every client sends it every few seconds.
 * Null when the lane is gone.
 */
export async function renewClientLane(
  client: Queryable,
  runId: string,
  lease: string,
  leaseMs: number,
): Promise<RenewedLane | null> {
  const rows = await queryRows<RenewedLane>(
    client,
    `WITH renewed AS (
       UPDATE run_lane SET expires_at = GREATEST(expires_at, now() + $3 * interval '1 ms')
       WHERE run_id = $1 AND lease = $2::bigint AND expires_at IS NOT NULL RETURNING run_id
     )
     SELECT r.status, (r.settings ->> 'concurrency')::int AS concurrency, ARRAY(
       SELECT l.lease::text FROM run_lane l WHERE l.run_id = r.id AND l.expires_at > now() ORDER BY l.lease
     ) AS leases
     FROM renewed JOIN run r ON r.id = renewed.run_id`,
    [runId, lease, leaseMs],
  )
  return rows[0] ?? null
}

/** The leases of all clients of a run, the oldest first. */
export async function listClientLeases(client: Queryable, runId: string): Promise<string[]> {
  const rows = await queryRows<{ lease: string }>(
    client,
    'SELECT lease::text FROM run_lane WHERE run_id = $1 AND expires_at IS NOT NULL ORDER BY run_lane.lease',
    [runId],
  )
  return rows.map(({ lease }) => lease)
}

/** Removes the lanes of clients that have not renewed them in time; returns their leases. */
export async function deleteExpiredLanes(client: Queryable, runId: string): Promise<string[]> {
  const rows = await queryRows<{ lease: string }>(
    client,
    'DELETE FROM run_lane WHERE run_id = $1 AND expires_at < now() RETURNING lease::text',
    [runId],
  )
  return rows.map(({ lease }) => lease)
}

/** Removes the lane of a client. @returns whether there was one */
export async function deleteClientLane(client: Queryable, runId: string, lease: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'DELETE FROM run_lane WHERE run_id = $1 AND lease = $2::bigint AND expires_at IS NOT NULL',
    [runId, lease],
  )
  return rowCount === 1
}

/** Runs with lanes of clients that have not renewed them in time. */
export async function findExpiredRuns(client: Queryable): Promise<string[]> {
  const rows = await queryRows<{ runId: string }>(
    client,
    'SELECT DISTINCT run_id AS "runId" FROM run_lane WHERE expires_at < now()',
    [],
  )
  return rows.map(({ runId }) => runId)
}
