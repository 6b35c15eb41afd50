import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The names of all item scores of a run, which become the columns of an export. */
export async function listScoreNames(db: Queryable, runId: string): Promise<string[]> {
  const rows = await queryRows<{ name: string }>(
    db,
    `SELECT DISTINCT name FROM score WHERE run_id = $1 AND ordinal IS NOT NULL ORDER BY name`,
    [runId],
  )
  return rows.map((row) => row.name)
}
