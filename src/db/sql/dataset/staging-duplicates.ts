import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Keys that were staged more than once, with their first two lines; at most `limit` of them, and how many there are. */
export async function findDuplicateKeys(
  client: Queryable,
  limit: number,
): Promise<{ total: number; duplicates: { key: string; first: number; second: number }[] }> {
  const rows = await queryRows<{ key: string; first: number; second: number; total: number }>(
    client,
    `SELECT key, lines[1] AS first, lines[2] AS second, count(*) OVER ()::int AS total
     FROM (SELECT key, array_agg(line ORDER BY n) AS lines FROM dataset_staging
           WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1) repeated
     ORDER BY lines[2], key
     LIMIT $1`,
    [limit],
  )
  return { total: rows[0]?.total ?? 0, duplicates: rows.map(({ total: _, ...duplicate }) => duplicate) }
}
