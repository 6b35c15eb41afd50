import type { SeriesKey, SeriesScore } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { pageBytes, queryWithinBytes, type RowsWithinBytes } from '../../query-within-bytes.ts'
import { executionsOfItems, itemPlaces } from '../run-item/item-places.ts'
import { type LeftOut, type ListedRunItem, listedColumns, preparedList } from '../run-item/listed-columns.ts'

/** The part of an item's score in a run (its index in the requested runs) that a comparison needs. */
export interface CellValue extends SeriesKey, SeriesScore {
  run: number
  itemId: string
}

/**
 * All executions of these items in these runs, in the order of the schedule; cut after some megabytes.
 * @param positions of the items in the schedule of one of the runs, where they are known: as item-places.ts says
 */
export async function loadCells(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
  positions: readonly number[] | null,
  leftOut: LeftOut,
): Promise<RowsWithinBytes<ListedRunItem>> {
  const statement = preparedList(
    'comparison-cells',
    leftOut,
    (leftOut) =>
      `SELECT ${listedColumns('i', leftOut)} FROM ${executionsOfItems('i', '$1', '$2', '$3')} ORDER BY i.ordinal`,
  )
  const values = [runIds, itemIds, positions]
  const maxBytes = itemIds.length > 1 ? 2 * pageBytes : 10 * pageBytes
  return queryWithinBytes<ListedRunItem>(db, { ...statement, values }, maxBytes)
}

/**
 * The scores of these items in these runs. Whole score rows took twice as long to read; where they are shown, they are
 * loaded by item. OFFSET 0 makes the planner look up one execution after another: it would rather read all scores of a
 * small table (10 ms instead of 2 ms).
 */
export async function loadCellValues(
  db: Queryable,
  runIds: readonly string[],
  itemIds: readonly string[],
  positions: readonly number[] | null,
): Promise<CellValue[]> {
  return queryRows<CellValue>(
    db,
    `SELECT array_position($1::uuid[], p.run_id) - 1 AS run, p.item_id::text AS "itemId", p.ordinal, s.name, s.source,
       s.value, s.label, s.error IS NOT NULL AS failed
     FROM ${itemPlaces('$1', '$2', '$3')}
     CROSS JOIN LATERAL (SELECT * FROM score WHERE run_id = p.run_id AND ordinal = p.ordinal OFFSET 0) s
     ORDER BY s.id`,
    [runIds, itemIds, positions],
    'comparison-cell-values',
  )
}
