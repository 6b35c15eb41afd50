import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { pageBytes, queryWithinBytes } from '../../query-within-bytes.ts'
import { type LeftOut, type ListedRunItem, listedColumns, preparedList } from './listed-columns.ts'

/** Changes of a run after one feed position and up to another. */
export interface ChangeRange {
  runId: string
  after: number
  upTo: number
}

/** Some of the items of a run, by their ordinals; both ends of a range are in it. */
export type OrdinalWindow = { from: number; to: number } | { ordinals: readonly number[] }

/**
 * Rows of a run that changed within the range, in that order, at most `limit`. A row that changed twice appears at its
 * last change, so one statement serves both replay and live updates. When their outputs are large there are fewer, with
 * `more`. `seq > 0` says that the index of changed items has them.
 */
export async function loadChangedItems(
  client: Queryable,
  { runId, after, upTo }: ChangeRange,
  window: OrdinalWindow | null,
  limit: number,
  leftOut: LeftOut,
): Promise<{ items: ListedRunItem[]; more: boolean }> {
  const { name, condition, values } = windowOf(window, 5)
  // With a window its few rows are looked up, however many others changed: `+ 0` keeps the planner from the index on seq.
  const seq = window ? 'seq + 0' : 'seq'
  const statement = preparedList(
    `changed-items${name}`,
    leftOut,
    (leftOut) => `SELECT ${listedColumns('run_item', leftOut)}
      FROM run_item WHERE run_id = $1 AND seq > 0 AND ${seq} > $2 AND ${seq} <= $3 AND ${condition} ORDER BY seq LIMIT $4`,
  )
  const parameters = [runId, after, upTo, limit, ...values]
  const { rows: items, cut } = await queryWithinBytes<ListedRunItem>(
    client,
    { ...statement, values: parameters },
    pageBytes,
  )
  return { items, more: cut || items.length === limit }
}

/** How many items outside the window changed within the range; costs as much as there are changes in it. */
export async function countChangesOutside(
  client: Queryable,
  { runId, after, upTo }: ChangeRange,
  window: OrdinalWindow,
): Promise<number> {
  const { name, condition, values } = windowOf(window, 4)
  const rows = await queryRows<{ count: number }>(
    client,
    `SELECT count(*)::int AS count FROM run_item
     WHERE run_id = $1 AND seq > 0 AND seq > $2 AND seq <= $3 AND NOT (${condition})`,
    [runId, after, upTo, ...values],
    `changes-outside${name}`,
  )
  return rows[0]?.count ?? 0
}

function windowOf(window: OrdinalWindow | null, parameter: number) {
  if (!window) return { name: '', condition: 'true', values: [] }
  if ('ordinals' in window) {
    return { name: '-listed', condition: `ordinal = ANY ($${parameter}::int[])`, values: [window.ordinals] }
  }
  const condition = `ordinal >= $${parameter} AND ordinal <= $${parameter + 1}`
  return { name: '-between', condition, values: [window.from, window.to] }
}
