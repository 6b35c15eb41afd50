import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import type { RunItemKey } from './load-run-items.ts'
import { outputBytes } from './run-item-columns.ts'

/** The size of an item's output in bytes of JSON; null when the project has no such item, or it has no output. */
export async function findOutputBytes(db: Queryable, projectId: string, key: RunItemKey): Promise<number | null> {
  const rows = await queryRows<{ bytes: number | null }>(
    db,
    `SELECT ${outputBytes('i')} AS bytes FROM run_item i JOIN run r ON r.id = i.run_id
     WHERE i.run_id = $1 AND i.ordinal = $2 AND r.project_id = $3`,
    [key.runId, key.ordinal, projectId],
  )
  return rows[0]?.bytes ?? null
}

/**
 * Some characters of the JSON of an item's output; null when it is gone. Each part is cut from the whole text by the
 * database, so parts should be large; a cursor would hold a connection for as long as a client likes.
 * @param from counted from 0
 */
export async function loadOutputPart(
  db: Queryable,
  key: RunItemKey,
  from: number,
  length: number,
): Promise<string | null> {
  const rows = await queryRows<{ part: string }>(
    db,
    `SELECT substr(COALESCE(output::text, 'null'), $3::int, $4::int) AS part
     FROM run_item WHERE run_id = $1 AND ordinal = $2 AND status = 'SUCCEEDED'`,
    [key.runId, key.ordinal, from + 1, length],
  )
  return rows[0]?.part ?? null
}
