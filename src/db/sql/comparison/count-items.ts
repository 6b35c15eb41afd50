import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { perRun } from './metric-values.ts'

/** For each candidate, in order, the number of items in it or in the baseline. */
export async function countComparedItems(db: Queryable, runIds: readonly string[]): Promise<number[]> {
  const rows = await queryRows<{ counts: number[] }>(
    db,
    `SELECT ARRAY[${perRun(runIds.length - 1, (i) => `count(*) FILTER (WHERE has1 OR has${i + 1})::int`)}] AS counts
     FROM (SELECT item_id, ${perRun(runIds.length, (run) => `bool_or(run_id = ($1::uuid[])[${run}]) AS has${run}`)}
           FROM run_item WHERE run_id = ANY ($1::uuid[]) AND repetition = 0 GROUP BY item_id) item`,
    [runIds],
  )
  return rows[0]?.counts ?? []
}
