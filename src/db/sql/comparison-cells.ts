import type { Queryable } from '../client.ts'
import { columns } from '../columns.ts'
import { Prisma, type RunItem } from '../generated/prisma/client.ts'
import type { RunItemWithScores } from './changed-items.ts'
import { loadItemScores } from './load-scores.ts'

/** All executions of these items in these runs with their scores, in the order of the schedule; two statements. */
export async function comparisonCells(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
): Promise<RunItemWithScores[]> {
  if (itemIds.length === 0) return []
  const { rows } = await db.query<RunItem>(
    `SELECT ${columns('i', Prisma.RunItemScalarFieldEnum)} FROM run_item i
     WHERE i.item_id = ANY ($2::bigint[]) AND i.run_id = ANY ($1::uuid[]) ORDER BY i.ordinal`,
    [runIds, itemIds],
  )
  const scores = Map.groupBy(await loadItemScores(db, rows), (score) => `${score.runId}:${score.ordinal}`)
  return rows.map((row) => ({ ...row, scores: scores.get(`${row.runId}:${row.ordinal}`) ?? [] }))
}
