import type { RunItemStatus } from '../../domain/run.ts'
import type { Queryable } from '../client.ts'

/**
 * Puts finished items of one status back into the queue; row n gets `seq` + n. Items that were never claimed wait
 * for their turn in the schedule, the others are due at once. With `afresh` their attempts start over.
 */
export async function reopenItems(
  client: Queryable,
  runId: string,
  status: Extract<RunItemStatus, 'CANCELLED' | 'FAILED'>,
  seq: number,
  { afresh }: { afresh: boolean },
): Promise<number> {
  const { rowCount } = await client.query(
    `WITH reopened AS (
       SELECT ordinal, row_number() OVER (ORDER BY ordinal)::int AS n FROM run_item WHERE run_id = $1 AND status = $2
     )
     UPDATE run_item SET status = 'QUEUED', seq = $3::int + reopened.n, finished_at = NULL, error = NULL,
       attempts = CASE WHEN $4 THEN 0 ELSE attempts END,
       available_at = CASE WHEN run_item.ordinal < run.next_ordinal THEN now() END
     FROM reopened, run
     WHERE run_item.run_id = $1 AND run_item.ordinal = reopened.ordinal AND run.id = $1`,
    [runId, status, seq, afresh],
  )
  return rowCount ?? 0
}
