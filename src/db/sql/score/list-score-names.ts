import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The names of all scores that items of a run have; read before an export, whose columns they are. */
export async function listScoreNames(db: Queryable, runId: string): Promise<string[]> {
  const rows = await queryRows<{ name: string }>(
    db,
    `SELECT DISTINCT name FROM score WHERE run_id = $1 AND ordinal IS NOT NULL ORDER BY name`,
    [runId],
  )
  return rows.map((row) => row.name)
}
