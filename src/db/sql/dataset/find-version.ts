import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The version that was current at a moment; 0 before the first. */
export async function datasetVersionAt(db: Queryable, datasetId: string, moment: Date): Promise<number> {
  const rows = await queryRows<{ version: number }>(
    db,
    `SELECT COALESCE(max(version), 0) AS version FROM dataset_version WHERE dataset_id = $1 AND created_at <= $2`,
    [datasetId, moment],
  )
  return rows[0]?.version ?? 0
}
