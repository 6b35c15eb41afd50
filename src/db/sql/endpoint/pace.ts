import type { EndpointKey } from '../../../domain/limits/endpoint.ts'
import type { Pace } from '../../../domain/limits/pacing.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * The pace of an endpoint and the time, in milliseconds of the database's clock. The caller has locked the endpoint.
 */
export async function readPace(
  client: Queryable,
  { projectId, endpoint }: EndpointKey,
): Promise<{ pace: Pace; now: number }> {
  const rows = await queryRows<Pace & { now: number }>(
    client,
    `SELECT coalesce(extract(epoch FROM requests_at) * 1000, 0)::float8 AS "requestsAt",
            coalesce(extract(epoch FROM tokens_at) * 1000, 0)::float8 AS "tokensAt",
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM (SELECT) one LEFT JOIN endpoint_pace ON project_id = $1 AND endpoint = $2`,
    [projectId, endpoint],
  )
  const { now = 0, requestsAt = 0, tokensAt = 0 } = rows[0] ?? {}
  return { pace: { requestsAt, tokensAt }, now }
}

export async function writePace(client: Queryable, { projectId, endpoint }: EndpointKey, pace: Pace): Promise<void> {
  await client.query(
    `INSERT INTO endpoint_pace (project_id, endpoint, requests_at, tokens_at)
     VALUES ($1, $2, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000))
     ON CONFLICT (project_id, endpoint) DO UPDATE
     SET requests_at = excluded.requests_at, tokens_at = excluded.tokens_at`,
    [projectId, endpoint, pace.requestsAt, pace.tokensAt],
  )
}

/**
 * Delays the endpoint's next token by `ms`, for what calls used beyond what their slots paid. Overpayment (negative
 * `ms`) is returned.
 */
export async function settleTokens(client: Queryable, { projectId, endpoint }: EndpointKey, ms: number): Promise<void> {
  await client.query(
    `INSERT INTO endpoint_pace (project_id, endpoint, tokens_at)
     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
     ON CONFLICT (project_id, endpoint) DO UPDATE
     SET tokens_at =
       CASE WHEN $3 > 0 THEN greatest(endpoint_pace.tokens_at, clock_timestamp()) ELSE endpoint_pace.tokens_at END
       + make_interval(secs => $3::float8 / 1000)`,
    [projectId, endpoint, ms],
  )
}
