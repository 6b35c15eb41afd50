import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { runItemColumns, type ShownRunItem } from './run-item-columns.ts'

export interface RunItemKey {
  runId: string
  ordinal: number
}

/**
 * The run items with these keys whose runs belong to the project, in no particular order. OFFSET 0 makes the planner look
 * up one key after another: of a table that has grown since it was analysed it reads all rows.
 */
export async function loadRunItems(
  db: Queryable,
  projectId: string,
  keys: readonly RunItemKey[],
): Promise<ShownRunItem[]> {
  return queryRows<ShownRunItem>(
    db,
    `SELECT ${runItemColumns('i')}
     FROM unnest($1::uuid[], $2::int[]) AS key (run_id, ordinal)
     CROSS JOIN LATERAL (SELECT * FROM run_item WHERE run_id = key.run_id AND ordinal = key.ordinal OFFSET 0) i
     JOIN run r ON r.id = i.run_id
     WHERE r.project_id = $3`,
    [keys.map((key) => key.runId), keys.map((key) => key.ordinal), projectId],
  )
}
