import type { Queryable } from '../../client.ts'

/** Deletes runs; foreign keys cascade to their items, scores and lanes. */
export async function deleteRunRows(client: Queryable, runIds: readonly string[]): Promise<void> {
  await client.query('DELETE FROM run WHERE id = ANY ($1::uuid[])', [runIds])
}
