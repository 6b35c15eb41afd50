import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The means of a run over its items. */
export interface RunCosts {
  id: string
  /** USD a call, over the items whose cost is known. */
  avgCostUsd: number
  /** Tokens a call; null when unknown. */
  avgOutputTokens: number | null
}

/**
 * The newest run of a dataset whose task has these members and whose cost is known, among its 200 newest runs; null for
 * none.
 */
export async function findComparableRun(
  db: Queryable,
  datasetId: string,
  task: { [member: string]: Json },
): Promise<RunCosts | null> {
  const rows = await queryRows<RunCosts>(
    db,
    `SELECT id, cost_sum / cost_count AS "avgCostUsd",
            output_tokens::float8 / nullif(succeeded, 0) AS "avgOutputTokens"
     FROM (SELECT * FROM run WHERE dataset_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200) AS newest
     WHERE cost_count > 0 AND task @> $2::jsonb
     ORDER BY created_at DESC, id DESC
     LIMIT 1`,
    [datasetId, JSON.stringify(task)],
  )
  return rows[0] ?? null
}
