import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'

/** Removes the grants of processes that are gone. */
export async function removeExpiredGrants(client: Queryable, { projectId, endpoint }: EndpointKey): Promise<void> {
  await client.query(
    'DELETE FROM endpoint_grant WHERE project_id = $1 AND endpoint = $2 AND expires_at <= clock_timestamp()',
    [projectId, endpoint],
  )
}
