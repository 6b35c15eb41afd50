import type { Queryable } from '../client.ts'

/** Ends everything of a run that is not finished; row n gets `seq` + n. Late results find no lease and are dropped. */
export async function cancelItems(
  client: Queryable,
  runId: string,
  seq: number,
): Promise<{ queued: number; running: number }> {
  const { rows } = await client.query<{ queued: number; running: number }>(
    `WITH open AS (
       SELECT ordinal, status, row_number() OVER (ORDER BY ordinal)::int AS n
       FROM run_item WHERE run_id = $1 AND status IN ('QUEUED', 'RUNNING')
     ), cancelled AS (
       UPDATE run_item SET status = 'CANCELLED', lease = NULL, available_at = NULL, finished_at = now(),
         seq = $2::int + open.n
       FROM open WHERE run_id = $1 AND run_item.ordinal = open.ordinal
     )
     SELECT count(*) FILTER (WHERE status = 'QUEUED')::int AS queued,
            count(*) FILTER (WHERE status = 'RUNNING')::int AS running
     FROM open`,
    [runId, seq],
  )
  return rows[0] ?? { queued: 0, running: 0 }
}
