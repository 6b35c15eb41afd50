import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

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
  seq: number
}

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
  // With a window its few items are looked up, however many others changed: `+ 0` keeps the planner from the index on seq.
  const seq = window ? 'seq + 0' : 'seq'
  return queryRows<ItemChange>(
    db,
    `SELECT (run.number - 1)::int AS run, i.item_id::text AS "itemId", i.seq
     FROM ${rangesSql}
     CROSS JOIN LATERAL (
       SELECT item_id, seq FROM run_item
       WHERE run_id = run.id AND ${seq} > run.after AND ${seq} <= run.up_to ${window ? 'AND item_id = ANY ($5::bigint[])' : ''}
       ORDER BY seq LIMIT $4
     ) i
     ORDER BY run.number, i.seq`,
    [...rangeValues(ranges), limit, ...(window ? [window] : [])],
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
       WHERE run_id = run.id AND seq > run.after AND seq <= run.up_to AND item_id <> ALL ($4::bigint[])
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
