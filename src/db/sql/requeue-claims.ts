import type { Queryable } from '../client.ts'

/**
 * Puts back what a lease claimed and nobody works on: everything of a dead holder, or what a living one does not know
 * of because the answer to its claim was lost. Returns how many; row n gets `seq` + n. The interrupted call counts as
 * no attempt. There is no index on the lease: it would cost every claim, and this runs after failures only.
 */
export async function requeueClaims(
  client: Queryable,
  runId: string,
  lease: string,
  known: readonly number[],
  seq: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `WITH lost AS (
       SELECT ordinal, row_number() OVER (ORDER BY ordinal)::int AS n
       FROM run_item
       WHERE run_id = $1 AND ordinal < (SELECT next_ordinal FROM run WHERE id = $1)
         AND lease = $2 AND status = 'RUNNING' AND NOT ordinal = ANY ($3::int[])
     )
     UPDATE run_item SET status = 'QUEUED', lease = NULL, available_at = date_trunc('milliseconds', now()), seq = $4::int + lost.n
     FROM lost WHERE run_id = $1 AND run_item.ordinal = lost.ordinal`,
    [runId, lease, known, seq],
  )
  return rowCount ?? 0
}
