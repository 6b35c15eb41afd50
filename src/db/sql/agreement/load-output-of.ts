import type { Json } from '../../../domain/json/json.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { executionsOfItems } from '../run-item/item-places.ts'
import { hasOutput } from '../run-item/run-item-columns.ts'

/** The output of another run for the item and repetition of an execution; null where it has none. */
export async function loadOutputOf(
  client: Queryable,
  execution: { runId: string; ordinal: number },
  otherRunId: string,
): Promise<{ output: Json } | null> {
  const rows = await queryRows<{ output: Json }>(
    client,
    `SELECT b.output FROM run_item i
     CROSS JOIN LATERAL (SELECT b.* FROM ${executionsOfItems('b', 'ARRAY[$3]', 'ARRAY[i.item_id]', 'ARRAY[i.position]')}) b
     WHERE i.run_id = $1 AND i.ordinal = $2 AND b.repetition = i.repetition AND b.status = 'SUCCEEDED'
       AND ${hasOutput('b')}`,
    [execution.runId, execution.ordinal, otherRunId],
  )
  return rows[0] ?? null
}
