import type { Queryable } from '../client.ts'
import { columns } from '../columns.ts'
import { Prisma, type RunItem } from '../generated/prisma/client.ts'

/** A score of an item in a run (its place in the runs asked for, from 0), as far as a comparison needs it. */
export interface CellValue {
  run: number
  itemId: string
  name: string
  value: number | null
  label: string | null
}

/** All executions of these items in these runs, in the order of the schedule. */
export async function comparisonCells(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
): Promise<RunItem[]> {
  const { rows } = await db.query<RunItem>(
    `SELECT ${columns('i', Prisma.RunItemScalarFieldEnum)} FROM run_item i
     WHERE i.item_id = ANY ($2::bigint[]) AND i.run_id = ANY ($1::uuid[]) ORDER BY i.ordinal`,
    [runIds, itemIds],
  )
  return rows
}

/** Their scores. Whole score rows took twice as long to read; whoever shows them loads them by item. */
export async function comparisonCellValues(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
): Promise<CellValue[]> {
  const { rows } = await db.query<CellValue>(
    `SELECT array_position($1::uuid[], s.run_id) - 1 AS run, i.item_id::text AS "itemId", s.name, s.value, s.label
     FROM run_item i JOIN score s USING (run_id, ordinal)
     WHERE i.item_id = ANY ($2::bigint[]) AND i.run_id = ANY ($1::uuid[]) AND s.run_id = ANY ($1::uuid[])
     ORDER BY s.id`,
    [runIds, itemIds],
  )
  return rows
}
