import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Pace } from '../../../domain/pacing.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The pace of an endpoint and the time, in milliseconds of the database's clock. The caller holds the endpoint's lock. */
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
