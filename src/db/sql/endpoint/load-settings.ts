import { allEndpoints, type EndpointKey } from '../../../domain/limits/endpoint.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The limits of an endpoint, which all processes respect. */
export interface EndpointSettings {
  concurrency: number | null
  requestsPerMinute: number | null
  tokensPerMinute: number | null
  /** Remaining pause in milliseconds. */
  pausedMs: number
}

/** All endpoints with limits or a pause, and the quotas of projects. Few rows: limits are set by hand. */
export async function loadEndpointSettings(client: Queryable): Promise<(EndpointKey & EndpointSettings)[]> {
  return queryRows<EndpointKey & EndpointSettings>(
    client,
    `SELECT project_id AS "projectId", endpoint, concurrency, requests_per_minute AS "requestsPerMinute",
            tokens_per_minute AS "tokensPerMinute",
            coalesce(extract(epoch FROM paused_until - clock_timestamp()) * 1000, 0)::float8 AS "pausedMs"
     FROM endpoint_limit
     FULL JOIN (SELECT * FROM endpoint_pace WHERE paused_until > clock_timestamp()) pause USING (project_id, endpoint)
     UNION ALL
     SELECT project_id, $1, concurrent_calls, NULL, NULL, 0 FROM project_quota WHERE concurrent_calls IS NOT NULL`,
    [allEndpoints],
  )
}
