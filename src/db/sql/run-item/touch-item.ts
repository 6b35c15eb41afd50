import type { Queryable } from '../../client.ts'

/**
 * Moves a run item to a new position in the run's feed; false if there is no such item. The caller holds the run's
 * lock.
 */
export async function touchItem(client: Queryable, runId: string, ordinal: number, seq: number): Promise<boolean> {
  const { rowCount } = await client.query('UPDATE run_item SET seq = $3 WHERE run_id = $1 AND ordinal = $2', [
    runId,
    ordinal,
    seq,
  ])
  return rowCount === 1
}
