import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * Deletes a dataset with its items, experiments and runs, unless it has unfinished runs. The caller holds the dataset
 * FOR UPDATE, so no run can start in the meantime. Returns the number of unfinished runs.
 */
export async function deleteDatasetRow(client: Queryable, id: string): Promise<number> {
  const rows = await queryRows<{ open: number }>(
    client,
    `WITH open AS (
       SELECT count(*)::int AS open FROM run WHERE dataset_id = $1 AND status IN ('QUEUED', 'RUNNING')
     ), deleted AS (
       DELETE FROM dataset WHERE id = $1 AND (SELECT open FROM open) = 0
     )
     SELECT open FROM open`,
    [id],
  )
  return rows[0]?.open ?? 0
}
