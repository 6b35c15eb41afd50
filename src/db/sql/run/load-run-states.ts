import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { epochSql } from './feed-epoch.ts'

/**
 * The epoch of the database, and what changes with a run, by its id: its position in the feed and its status. A run that
 * is deleted has none.
 */
export async function loadRunStates(
  db: Queryable,
  runIds: readonly string[],
): Promise<{ epoch: string; states: Map<string, string> }> {
  const [row] = await queryRows<{ epoch: string; states: Record<string, string> | null }>(
    db,
    `SELECT ${epochSql} AS epoch,
       (SELECT json_object_agg(id, concat(seq, ' ', status)) FROM run WHERE id = ANY($1::uuid[])) AS states`,
    [runIds],
    'run-states',
  )
  return { epoch: row?.epoch ?? '', states: new Map(Object.entries(row?.states ?? {})) }
}
