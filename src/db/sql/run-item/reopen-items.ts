import type { RunItemStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/**
 * Requeues finished items of one status; row `ordinal` gets `seq` + 1 + ordinal. Items that were never claimed wait for
 * their turn in the schedule, the others are due immediately. With `afresh` the attempts so far do not count
 * towards `maxAttempts` any more.
 */
export async function reopenItems(
  client: Queryable,
  run: { id: string; seq: number; nextOrdinal: number },
  status: Extract<RunItemStatus, 'CANCELLED' | 'FAILED'>,
  { afresh }: { afresh: boolean },
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE run_item SET status = 'QUEUED', seq = $3::int + 1 + ordinal, finished_at = NULL, error = NULL,
       excused = CASE WHEN $4 THEN attempts ELSE excused END,
       available_at = CASE WHEN ordinal < $5 THEN now() END
     WHERE run_id = $1 AND status = $2`,
    [run.id, status, run.seq, afresh, run.nextOrdinal],
  )
  return rowCount ?? 0
}
