import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import type { RunItemKey } from './load-run-items.ts'

/** Moves run items to new positions in the feeds of their runs, whose locks the caller holds. Returns those there are. */
export async function touchItems(
  client: Queryable,
  items: readonly (RunItemKey & { seq: number })[],
): Promise<RunItemKey[]> {
  return queryRows<RunItemKey>(
    client,
    `UPDATE run_item i SET seq = t.seq FROM unnest($1::uuid[], $2::int[], $3::int[]) AS t (run_id, ordinal, seq)
     WHERE i.run_id = t.run_id AND i.ordinal = t.ordinal RETURNING i.run_id AS "runId", i.ordinal`,
    [items.map(({ runId }) => runId), items.map(({ ordinal }) => ordinal), items.map(({ seq }) => seq)],
  )
}
