import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { perRun } from './metric-values.ts'

/** Items of a candidate and the baseline. */
export interface ComparedItems {
  /** In either run. */
  items: number
  /** Executed in both, at least one repetition. */
  executed: number
  /** In both runs. */
  common: number
}

/**
 * For each candidate, in order.
 * @param used if given, the items whose content differs are left out
 */
export async function countComparedItems(
  db: Queryable,
  runIds: readonly string[],
  used: UsedVersions | null = null,
): Promise<ComparedItems[]> {
  const values: unknown[] = [runIds]
  const changed = used ? `WITH ${changedItemsSql(used, (value) => `$${values.push(value)}`)} ` : ''
  const isAlike = (run: number) =>
    used ? `AND NOT EXISTS (SELECT FROM changed c WHERE c.run = ${run} AND c.item_id = item.item_id)` : ''
  const runs = runIds.length
  const count = (condition: (run: number) => string) =>
    perRun(runs - 1, (i) => `count(*) FILTER (WHERE (${condition(i + 1)}) ${isAlike(i + 1)})::int`)
  const ofRun = (run: number) => `FILTER (WHERE run_id = ($1::uuid[])[${run}])`
  const rows = await queryRows<Record<keyof ComparedItems, number[]>>(
    db,
    `${changed}SELECT ARRAY[${count((run) => `executed1 IS NOT NULL OR executed${run} IS NOT NULL`)}] AS items,
            ARRAY[${count((run) => `executed1 AND executed${run}`)}] AS executed,
            ARRAY[${count((run) => `executed1 IS NOT NULL AND executed${run} IS NOT NULL`)}] AS common
     FROM (SELECT item_id, ${perRun(runs, (run) => `bool_or(status IN ('SUCCEEDED', 'FAILED')) ${ofRun(run)} AS executed${run}`)}
           FROM run_item WHERE run_id = ANY ($1::uuid[]) GROUP BY item_id) item`,
    values,
  )
  const [counts] = rows
  if (!counts) return []
  return counts.items.map((items, index) => ({
    items,
    executed: counts.executed[index] ?? 0,
    common: counts.common[index] ?? 0,
  }))
}
