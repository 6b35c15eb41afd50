import type { Queryable } from '../client.ts'

/** Rejects when the database does not respond. */
export async function ping(db: Queryable): Promise<void> {
  await db.query('SELECT 1')
}
