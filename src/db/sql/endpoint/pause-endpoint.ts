import type { EndpointKey } from '../../../domain/limits/endpoint.ts'
import type { Queryable } from '../../client.ts'
import { channels } from '../../listener.ts'

/**
 * Pauses all calls of the endpoint for `ms` from now, or until the end of a longer pause, and notifies all processes.
 */
export async function pauseEndpoint(
  client: Queryable,
  { projectId, endpoint }: EndpointKey,
  ms: number,
): Promise<void> {
  await client.query(
    `WITH pause AS (
       INSERT INTO endpoint_pace (project_id, endpoint, paused_until)
       VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
       ON CONFLICT (project_id, endpoint) DO UPDATE
       SET paused_until = greatest(endpoint_pace.paused_until, excluded.paused_until)
       RETURNING 1
     ) SELECT pg_notify($4, '') FROM pause`,
    [projectId, endpoint, ms, channels.endpoint],
  )
}
