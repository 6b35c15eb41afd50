import type { Queryable } from '../../client.ts'

/** Items, scores and lanes go with it, by their foreign keys. */
export async function deleteRunRow(client: Queryable, runId: string): Promise<void> {
  await client.query('DELETE FROM run WHERE id = $1', [runId])
}
