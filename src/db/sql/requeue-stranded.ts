import type { Queryable } from '../client.ts'

/** Puts back every item of a run whose lease no lane has; returns how many, row n gets `seq` + n. */
export async function requeueStranded(client: Queryable, runId: string, seq: number): Promise<number> {
  const { rowCount } = await client.query(
    `WITH stranded AS (
       SELECT ordinal, row_number() OVER (ORDER BY ordinal)::int AS n FROM run_item i
       WHERE run_id = $1 AND status = 'RUNNING'
         AND NOT EXISTS (SELECT FROM run_lane l WHERE l.run_id = $1 AND l.lease = i.lease)
     )
     UPDATE run_item SET status = 'QUEUED', lease = NULL, available_at = now(), seq = $2::int + stranded.n
     FROM stranded WHERE run_id = $1 AND run_item.ordinal = stranded.ordinal`,
    [runId, seq],
  )
  return rowCount ?? 0
}
