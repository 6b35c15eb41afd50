import type { SeriesKey, SeriesScore } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { queryWithinBytes, type RowsWithinBytes } from '../../query-within-bytes.ts'
import { itemPlaces } from '../run-item/item-places.ts'
import { type LeftOut, type ListedRunItem, listedColumns, preparedList } from '../run-item/listed-columns.ts'

/** The part of a score of an execution that a comparison needs. */
export interface CellValue extends SeriesKey, SeriesScore {
  /** Its index in the requested runs. */
  run: number
}

/**
 * Which executions are read: those of items, wherever the runs have them, or all in a range of ordinals of each run, which
 * takes half the time.
 */
export type CellPlaces =
  | {
      itemIds: readonly string[]
      /** In the schedule of one of the runs, as item-places.ts says. */
      positions: readonly number[]
    }
  | { ordinals: readonly { from: number; below: number }[] }

/** Executions of these runs in the order of the schedule; cut after `maxBytes`. */
export async function loadCells(
  db: Queryable,
  runIds: readonly string[],
  places: CellPlaces,
  leftOut: LeftOut,
  maxBytes: number,
): Promise<RowsWithinBytes<ListedRunItem>> {
  const { kind, from, values } = rowsAt(places, 'run_item', runIds)
  const statement = preparedList(
    `comparison-cells-${kind}`,
    leftOut,
    (leftOut) => `SELECT ${listedColumns('i', leftOut)} FROM ${from} i ORDER BY i.ordinal`,
  )
  return queryWithinBytes<ListedRunItem>(db, { ...statement, values }, maxBytes)
}

/**
 * The scores of executions of these runs, in no particular order, so that the mean of more than two of one execution may
 * differ in its last digit: sorted by the database they took a third longer, as JSON with their executions half as long
 * again as both statements do at the same time.
 */
export async function loadCellValues(
  db: Queryable,
  runIds: readonly string[],
  places: CellPlaces,
): Promise<CellValue[]> {
  const { kind, from, values } = rowsAt(places, 'score', runIds)
  return queryRows<CellValue>(
    db,
    `SELECT array_position($1::uuid[], s.run_id) - 1 AS run, s.ordinal, s.name, s.source, s.value, s.label,
       s.error IS NOT NULL AS failed
     FROM ${from} s`,
    values,
    `comparison-cell-values-${kind}`,
  )
}

/**
 * The rows of a table at these places: a FROM item to be named, and the parameters of its statement. OFFSET 0 makes the
 * planner look up one place after another: it would rather read all scores of a small table (10 ms instead of 2 ms).
 */
function rowsAt(places: CellPlaces, table: 'run_item' | 'score', runIds: readonly string[]) {
  const at = (place: string, condition: string) =>
    `${place} CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE run_id = p.run_id AND ${condition} OFFSET 0)`
  if ('ordinals' in places) {
    const range = 'unnest($1::uuid[], $2::int[], $3::int[]) AS p (run_id, low, high)'
    const [low, high] = [places.ordinals.map(({ from }) => from), places.ordinals.map(({ below }) => below)]
    return {
      kind: 'in-range',
      from: at(range, 'ordinal >= p.low AND ordinal < p.high'),
      values: [runIds, low, high],
    }
  }
  return {
    kind: 'of-items',
    from: at(itemPlaces('$1', '$2', '$3'), 'ordinal = p.ordinal'),
    values: [runIds, places.itemIds, places.positions],
  }
}
