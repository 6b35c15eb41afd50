import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { executionsOfItems } from '../run-item/item-places.ts'

/** A reader's range in the feed of one run. */
export interface FeedRange {
  runId: string
  after: number
  upTo: number
}

/** An item that changed in a run (its index in the ranges), and the feed position of that change. */
export interface ItemChange {
  run: number
  itemId: string
  /** In the schedule of that run. */
  position: number
  seq: number
}

/** As many changes of any item as are read in the time of one look-up of an item. */
const looksWorth = 10

/**
 * The item changes in each of these runs within its range: the oldest `limit` of each, in order.
 * @param window the items to look for; null: all
 */
export async function findItemChanges(
  db: Queryable,
  ranges: readonly FeedRange[],
  window: readonly string[] | null,
  limit: number,
): Promise<ItemChange[]> {
  // The items of a window are looked up where more of others may have changed than looking them up costs. `+ 0` keeps the
  // planner from the index on seq there.
  const lookUp = window && ranges.some(({ after, upTo }) => upTo - after > looksWorth * window.length)
  const range = (seq: string) => `seq > 0 AND ${seq} > run.after AND ${seq} <= run.up_to`
  const changes = lookUp
    ? `${executionsOfItems('i', 'ARRAY[run.id]', '$5')} WHERE ${range('i.seq + 0')}`
    : `run_item i WHERE i.run_id = run.id AND ${range('i.seq')} ${window ? 'AND i.item_id = ANY ($5::bigint[])' : ''}`
  return queryRows<ItemChange>(
    db,
    `SELECT (run.number - 1)::int AS run, i.item_id::text AS "itemId", i.position, i.seq
     FROM ${rangesSql}
     CROSS JOIN LATERAL (
       SELECT i.item_id, i.position, i.seq FROM ${changes} ORDER BY i.seq LIMIT $4
     ) i
     ORDER BY run.number, i.seq`,
    [...rangeValues(ranges), limit, ...(window ? [[...new Set(window)]] : [])],
  )
}

/** How many items outside the window any of these runs changed within its range. */
export async function countItemChangesOutside(
  db: Queryable,
  ranges: readonly FeedRange[],
  window: readonly string[],
): Promise<number> {
  const rows = await queryRows<{ count: number }>(
    db,
    `SELECT count(DISTINCT i.item_id)::int AS count
     FROM ${rangesSql}
     CROSS JOIN LATERAL (
       SELECT item_id FROM run_item
       WHERE run_id = run.id AND seq > 0 AND seq > run.after AND seq <= run.up_to AND item_id <> ALL ($4::bigint[])
     ) i`,
    [...rangeValues(ranges), window],
  )
  return rows[0]?.count ?? 0
}

/** The items at these positions of a run's schedule, both ends included. */
export async function findItemsAt(
  db: Queryable,
  runId: string,
  { from, to }: { from: number; to: number },
  repetitions: number,
): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(
    db,
    `SELECT DISTINCT item_id::text AS id FROM run_item WHERE run_id = $1 AND ordinal >= $2 AND ordinal <= $3`,
    [runId, from * repetitions, (to + 1) * repetitions - 1],
  )
  return rows.map(({ id }) => id)
}

const rangesSql = 'unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS run (id, after, up_to, number)'

function rangeValues(ranges: readonly FeedRange[]): unknown[] {
  return [ranges.map((range) => range.runId), ranges.map((range) => range.after), ranges.map((range) => range.upTo)]
}
