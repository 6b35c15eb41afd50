import type { Queryable } from '../../client.ts'

/** How long a cursor is accepted. */
export const cursorDays = 7
/** A day longer, because an event has the time at which its transaction began. */
const eventDays = 8

/**
 * Deletes events that no accepted cursor needs any more: those among the `limit` oldest. Only these are read, so a call
 * costs the same for any number of events.
 * @returns how many; with `limit` there may be more
 */
export async function deleteOldEvents(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM run_event e USING (SELECT id FROM run_event ORDER BY id LIMIT $1) oldest
     WHERE e.id = oldest.id AND e.created_at < now() - make_interval(days => $2)`,
    [limit, eventDays],
  )
  return rowCount ?? 0
}
