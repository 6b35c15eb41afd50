import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Pace } from '../../../domain/pacing.ts'
import type { Queryable } from '../../client.ts'

export async function writePace(client: Queryable, { projectId, endpoint }: EndpointKey, pace: Pace): Promise<void> {
  await client.query(
    `INSERT INTO endpoint_pace (project_id, endpoint, requests_at, tokens_at)
     VALUES ($1, $2, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000))
     ON CONFLICT (project_id, endpoint) DO UPDATE
     SET requests_at = excluded.requests_at, tokens_at = excluded.tokens_at`,
    [projectId, endpoint, pace.requestsAt, pace.tokensAt],
  )
}
