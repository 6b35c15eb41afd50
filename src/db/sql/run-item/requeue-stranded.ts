import type { Queryable } from '../../client.ts'

/**
 * Requeues every item of a run whose lease belongs to no lane; returns how many. The interrupted calls do not count
 * towards `maxAttempts`. Row `ordinal` gets `seq` + 1 + ordinal.
 */
export async function requeueStranded(client: Queryable, runId: string, seq: number): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE run_item SET status = 'QUEUED', lease = NULL, available_at = now(),
       excused = least(excused + 1, attempts), seq = $2::int + 1 + ordinal
     WHERE run_id = $1 AND status = 'RUNNING'
       AND lease NOT IN (SELECT lease FROM run_lane WHERE run_id = $1 AND lease IS NOT NULL)`,
    [runId, seq],
  )
  return rowCount ?? 0
}
