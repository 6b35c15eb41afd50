import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * Deletes runs with what there are few rows of. Their items and scores, which nobody can read without them, are left to
 * {@link deleteLeftRows}: a trigger records whose.
 */
export async function deleteRunRows(client: Queryable, runIds: readonly string[]): Promise<void> {
  await client.query('DELETE FROM run WHERE id = ANY ($1::uuid[])', [runIds])
}

/** Tables with many rows of a run, each with an index that begins with its id. */
const tables = ['score', 'former_score', 'run_item'] as const

/**
 * Deletes some of the rows that deleted runs have left, at most `limit`, those of the earliest one first. Rows are found
 * by where they are: by key it would be another look-up each.
 * @returns how many; fewer than the limit when nothing is left
 */
export async function deleteLeftRows(client: Queryable, limit: number): Promise<number> {
  let deleted = 0
  for (;;) {
    const [run] = await queryRows<{ runId: string }>(
      client,
      'SELECT run_id AS "runId" FROM deleted_run ORDER BY deleted_at, run_id LIMIT 1',
      [],
    )
    if (!run) return deleted
    for (const table of tables) {
      const { rowCount } = await client.query(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE run_id = $1 LIMIT $2))`,
        [run.runId, limit - deleted],
      )
      deleted += rowCount ?? 0
      if (deleted >= limit) return deleted
    }
    await client.query('DELETE FROM deleted_run WHERE run_id = $1', [run.runId])
  }
}
