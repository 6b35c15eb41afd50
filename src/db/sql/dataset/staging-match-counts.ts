import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** What a write does to the items of a dataset. */
export interface DatasetChangeCounts {
  /** New items, and archived ones that came again. */
  added: number
  changed: number
  unchanged: number
}

/** Counted before anything is written, because a write that changes nothing makes no version. */
export async function countMatches(client: Queryable): Promise<DatasetChangeCounts> {
  const rows = await queryRows<DatasetChangeCounts>(
    client,
    `SELECT count(*) FILTER (WHERE NOT was_live)::int AS added,
            count(*) FILTER (WHERE was_live AND is_changed)::int AS changed,
            count(*) FILTER (WHERE was_live AND NOT is_changed)::int AS unchanged
     FROM dataset_match`,
  )
  return rows[0] ?? { added: 0, changed: 0, unchanged: 0 }
}
