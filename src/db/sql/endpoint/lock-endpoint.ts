import type { EndpointKey } from '../../../domain/limits/endpoint.ts'
import type { Queryable } from '../../client.ts'

/**
 * Locks the endpoint until the transaction ends. Grants must be read in the next statement, never in this one, whose
 * snapshot is from before the wait.
 */
export async function lockEndpoint(client: Queryable, { projectId, endpoint }: EndpointKey): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`endpoint ${projectId} ${endpoint}`])
}
