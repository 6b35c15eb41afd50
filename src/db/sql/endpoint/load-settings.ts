import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What all processes are to respect at an endpoint. */
export interface EndpointSettings {
  concurrency: number | null
  requestsPerMinute: number | null
  tokensPerMinute: number | null
  /** For how much longer nothing is to be called, in milliseconds. */
  pausedMs: number
}

/** Every endpoint with limits or a pause. The table has a row for each limit that somebody set by hand: few. */
export async function loadEndpointSettings(client: Queryable): Promise<(EndpointKey & EndpointSettings)[]> {
  return queryRows<EndpointKey & EndpointSettings>(
    client,
    `SELECT project_id AS "projectId", endpoint, concurrency, requests_per_minute AS "requestsPerMinute",
            tokens_per_minute AS "tokensPerMinute",
            coalesce(extract(epoch FROM paused_until - clock_timestamp()) * 1000, 0)::float8 AS "pausedMs"
     FROM endpoint_limit
     FULL JOIN (SELECT * FROM endpoint_pace WHERE paused_until > clock_timestamp()) pause USING (project_id, endpoint)`,
  )
}
