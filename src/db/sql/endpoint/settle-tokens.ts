import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'

/**
 * Delays the endpoint's next token by `ms`: for what calls used beyond what their slots paid. What they paid too much
 * (negative `ms`) comes back.
 */
export async function settleTokens(client: Queryable, { projectId, endpoint }: EndpointKey, ms: number): Promise<void> {
  await client.query(
    `INSERT INTO endpoint_pace (project_id, endpoint, tokens_at)
     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
     ON CONFLICT (project_id, endpoint) DO UPDATE
     SET tokens_at = CASE WHEN $3 > 0 THEN greatest(endpoint_pace.tokens_at, clock_timestamp()) ELSE endpoint_pace.tokens_at END
       + make_interval(secs => $3::float8 / 1000)`,
    [projectId, endpoint, ms],
  )
}
