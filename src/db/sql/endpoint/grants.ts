import { allEndpoints, type EndpointKey } from '../../../domain/limits/endpoint.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A process's share of an endpoint's concurrency. */
export interface Grant {
  holder: string
  permits: number
  wanted: number
}

/** The concurrency limit of an endpoint (null for none), its grants by holder, and the time in milliseconds. */
export async function readGrants(
  client: Queryable,
  { projectId, endpoint }: EndpointKey,
): Promise<{ limit: number | null; grants: Grant[]; now: number }> {
  const rows = await queryRows<{ limit: number | null; grants: Grant[]; now: number }>(
    client,
    `SELECT (SELECT concurrency FROM endpoint_limit WHERE project_id = $1 AND endpoint = $2
             UNION ALL SELECT concurrent_calls FROM project_quota WHERE project_id = $1 AND $2 = '${allEndpoints}') AS limit,
            coalesce(jsonb_agg(jsonb_build_object('holder', holder, 'permits', permits, 'wanted', wanted) ORDER BY holder)
                     FILTER (WHERE holder IS NOT NULL), '[]') AS grants,
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM endpoint_grant WHERE project_id = $1 AND endpoint = $2 AND expires_at > clock_timestamp()`,
    [projectId, endpoint],
  )
  return rows[0] ?? { limit: null, grants: [], now: 0 }
}

/** Sets the grant of a process, for `leaseMs` from now; a process that holds and wants nothing has no row. */
export async function writeGrant(
  client: Queryable,
  { projectId, endpoint }: EndpointKey,
  { holder, permits, wanted }: Grant,
  leaseMs: number,
): Promise<void> {
  if (permits === 0 && wanted === 0) {
    await client.query('DELETE FROM endpoint_grant WHERE project_id = $1 AND endpoint = $2 AND holder = $3', [
      projectId,
      endpoint,
      holder,
    ])
    return
  }
  await client.query(
    `INSERT INTO endpoint_grant (project_id, endpoint, holder, permits, wanted, expires_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6 / 1000.0))
     ON CONFLICT (project_id, endpoint, holder) DO UPDATE
     SET permits = excluded.permits, wanted = excluded.wanted, expires_at = excluded.expires_at`,
    [projectId, endpoint, holder, permits, wanted, leaseMs],
  )
}

/** Removes the grants of processes that are gone. */
export async function removeExpiredGrants(client: Queryable, { projectId, endpoint }: EndpointKey): Promise<void> {
  await client.query(
    'DELETE FROM endpoint_grant WHERE project_id = $1 AND endpoint = $2 AND expires_at <= clock_timestamp()',
    [projectId, endpoint],
  )
}
