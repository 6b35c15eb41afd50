import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'
import type { Grant } from './grants.ts'

/** Sets what a process holds, for `leaseMs` from now; whoever holds and wants nothing has no row. */
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
