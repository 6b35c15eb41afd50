import type { RegisteredFunction } from '../../../domain/execution/functions.ts'
import type { Queryable } from '../../client.ts'

/** What a worker says of itself. */
export interface Announced {
  id: string
  /** Host and process. */
  name: string
  functions: readonly RegisteredFunction[]
  problem: string | null
}

/** Writes the row of a worker, which is valid for so many seconds, and removes those that have expired for long. */
export async function announceWorker(client: Queryable, worker: Announced, seconds: number): Promise<void> {
  await client.query(
    `WITH gone AS (DELETE FROM worker WHERE expires_at < now() - interval '1 hour' AND id <> $1)
     INSERT INTO worker (id, name, functions, problem, expires_at)
     VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')
     ON CONFLICT (id) DO UPDATE
     SET functions = excluded.functions, problem = excluded.problem, expires_at = excluded.expires_at`,
    [worker.id, worker.name, JSON.stringify(worker.functions), worker.problem, seconds],
  )
}

/** Removes the row of a worker that takes no more work. */
export async function withdrawWorker(client: Queryable, id: string): Promise<void> {
  await client.query('DELETE FROM worker WHERE id = $1', [id])
}
