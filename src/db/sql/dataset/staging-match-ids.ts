import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The items that the staged rows became, in the order of the rows. */
export async function matchedItemIds(client: Queryable): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(client, `SELECT item_id::text AS id FROM dataset_match ORDER BY n`)
  return rows.map((row) => row.id)
}
