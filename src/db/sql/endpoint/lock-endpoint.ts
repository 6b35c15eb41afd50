import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'

/**
 * Takes the endpoint until the transaction ends; what has been granted is counted in the next statement, never in this
 * one, whose snapshot is from before it waited.
 */
export async function lockEndpoint(client: Queryable, { projectId, endpoint }: EndpointKey): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`endpoint ${projectId} ${endpoint}`])
}
