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

/** The item changes in each of these runs within its range: the oldest `limit` of each, in order. */
export async function findItemChanges(
  db: Queryable,
  ranges: readonly FeedRange[],
  limit: number,
): Promise<ItemChange[]> {
  return queryRows<ItemChange>(
    db,
    `SELECT (run.number - 1)::int AS run, i.item_id::text AS "itemId", i.seq
     FROM unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS run (id, after, up_to, number)
     CROSS JOIN LATERAL (
       SELECT item_id, seq FROM run_item
       WHERE run_id = run.id AND seq > run.after AND seq <= run.up_to ORDER BY seq LIMIT $4
     ) i
     ORDER BY run.number, i.seq`,
    [ranges.map((range) => range.runId), ranges.map((range) => range.after), ranges.map((range) => range.upTo), limit],
  )
}
