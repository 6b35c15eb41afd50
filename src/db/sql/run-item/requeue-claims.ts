import type { Queryable } from '../../client.ts'

/**
 * Requeues abandoned claims of a lease: everything of a dead holder, whose calls may have begun, or what a live one does
 * not know about because the response to its claim was lost, so that they did not. Returns how many; row `ordinal` gets
 * `seq` + 1 + ordinal. An interrupted call does not count towards `maxAttempts`. There is no index on the lease: it
 * would slow down every claim, and this runs only after failures.
 * @param known what a live holder knows about; null for a dead one
 */
export async function requeueClaims(
  client: Queryable,
  runId: string,
  lease: string,
  known: readonly number[] | null,
  seq: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE run_item SET status = 'QUEUED', lease = NULL, available_at = date_trunc('milliseconds', now()),
       attempts = CASE WHEN $3::int[] IS NULL OR recorded IS NOT NULL THEN attempts ELSE attempts - 1 END,
       excused = CASE WHEN $3::int[] IS NULL THEN least(excused + 1, attempts) ELSE excused END,
       seq = $4::int + 1 + ordinal
     WHERE run_id = $1 AND lease = $2 AND status = 'RUNNING' AND NOT ordinal = ANY (COALESCE($3::int[], '{}'))`,
    [runId, lease, known, seq],
  )
  return rowCount ?? 0
}
