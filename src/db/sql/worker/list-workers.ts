import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import type { Announced } from './announce-worker.ts'

/** The workers that are alive, the newest first. */
export function listWorkers(client: Queryable): Promise<Announced[]> {
  return queryRows<Announced>(
    client,
    `SELECT id::text, name, functions, problem FROM worker WHERE expires_at > now() ORDER BY started_at DESC, id`,
  )
}
