import type { Queryable } from '../client.ts'

/** The items that the staged lines became, in the order of the lines. */
export async function matchedItemIds(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`SELECT item_id::text AS id FROM dataset_match ORDER BY line`)
  return rows.map((row) => row.id)
}
