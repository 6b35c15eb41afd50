import type { Queryable } from '../../client.ts'

/**
 * Requeues abandoned claims of a lease: everything of a dead holder, or what a live one does not know about because the
 * response to its claim was lost. Returns how many; row `ordinal` gets `seq` + 1 + ordinal. The interrupted call does
 * not count as an attempt. There is no index on the lease: it would slow down every claim, and this runs only after
 * failures.
 */
export async function requeueClaims(
  client: Queryable,
  runId: string,
  lease: string,
  known: readonly number[],
  seq: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE run_item SET status = 'QUEUED', lease = NULL, available_at = date_trunc('milliseconds', now()),
       seq = $4::int + 1 + ordinal
     WHERE run_id = $1 AND lease = $2 AND status = 'RUNNING' AND NOT ordinal = ANY ($3::int[])`,
    [runId, lease, known, seq],
  )
  return rowCount ?? 0
}
