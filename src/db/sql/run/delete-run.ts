import type { Queryable } from '../../client.ts'

/** Deletes a run; foreign keys cascade to its items, scores and lanes. */
export async function deleteRunRow(client: Queryable, runId: string): Promise<void> {
  await client.query('DELETE FROM run WHERE id = $1', [runId])
}
