/** The limits of the functions of clients, which are kept where items are claimed: under the locks of run and endpoint. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import type { EndpointSettings } from './load-settings.ts'

export interface ClientEndpoint extends Omit<EndpointSettings, 'pausedMs'> {
  endpoint: string
}

/** The limits of the function that clients execute the run with; null without any. */
export async function findClientEndpoint(client: Queryable, runId: string): Promise<ClientEndpoint | null> {
  const rows = await queryRows<ClientEndpoint>(
    client,
    `SELECT l.endpoint, l.concurrency, l.requests_per_minute AS "requestsPerMinute",
            l.tokens_per_minute AS "tokensPerMinute"
     FROM run r JOIN endpoint_limit l ON l.project_id = r.project_id AND l.endpoint = 'client:' || (r.task ->> 'name')
     WHERE r.id = $1`,
    [runId],
  )
  return rows[0] ?? null
}

/** How many items of all runs of a client's function are executed now, and by how many clients. */
export async function countClientCalls(
  client: Queryable,
  projectId: string,
  endpoint: string,
): Promise<{ running: number; clients: number }> {
  const rows = await queryRows<{ running: number; clients: number }>(
    client,
    `SELECT coalesce(sum(r.running), 0)::int AS running,
            coalesce(sum((SELECT count(*) FROM run_lane l WHERE l.run_id = r.id AND l.expires_at > now())), 0)::int AS clients
     FROM run r
     WHERE r.project_id = $1 AND r.status IN ('QUEUED', 'RUNNING') AND 'client:' || (r.task ->> 'name') = $2
       AND r.task ->> 'kind' = 'client'`,
    [projectId, endpoint],
  )
  return rows[0] ?? { running: 0, clients: 0 }
}
