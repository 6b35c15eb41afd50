import type { EndpointKey } from '../../../domain/endpoint.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What a process holds of an endpoint's concurrency. */
export interface Grant {
  holder: string
  permits: number
  wanted: number
}

/** The concurrency limit of an endpoint (null: none), who holds how much of it, by holder, and the time in milliseconds. */
export async function readGrants(
  client: Queryable,
  { projectId, endpoint }: EndpointKey,
): Promise<{ limit: number | null; grants: Grant[]; now: number }> {
  const rows = await queryRows<{ limit: number | null; grants: Grant[]; now: number }>(
    client,
    `SELECT (SELECT concurrency FROM endpoint_limit WHERE project_id = $1 AND endpoint = $2) AS limit,
            coalesce(jsonb_agg(jsonb_build_object('holder', holder, 'permits', permits, 'wanted', wanted) ORDER BY holder)
                     FILTER (WHERE holder IS NOT NULL), '[]') AS grants,
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM endpoint_grant WHERE project_id = $1 AND endpoint = $2 AND expires_at > clock_timestamp()`,
    [projectId, endpoint],
  )
  return rows[0] ?? { limit: null, grants: [], now: 0 }
}
