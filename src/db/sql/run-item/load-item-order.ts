import type { Queryable } from '../../client.ts'
import { integerColumn, integers, numberColumn, numbers, queryColumns } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'
import { type RunItemOrder, valuesOfRun } from './list-run-items.ts'

/** What an order takes in memory. */
export const bytesOfItem = Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT

/** All items of a run in an order by a value, one entry for each. */
export interface ItemOrder {
  /** What they are ordered by first. */
  values: Float64Array
  /** What they are ordered by where it is the same. */
  ordinals: Int32Array
}

/** A run as it was at some time. */
interface RunInState {
  id: string
  /** Another one after every change of the run, its items or their scores, all of which change its row. */
  state: string
}

const state = `concat_ws(' ', seq, xmin)`

/** @returns null if there is no such run */
export async function loadRunState(db: Queryable, runId: string): Promise<string | null> {
  const statement = `SELECT ${state} AS state FROM run WHERE id = $1`
  const [row] = await queryRows<{ state: string }>(db, statement, [runId], 'run-state')
  return row?.state ?? null
}

/** @returns null if the run is no longer in this state, or has no items */
export async function loadItemOrder(db: Queryable, run: RunInState, order: RunItemOrder): Promise<ItemOrder | null> {
  const parameters: unknown[] = [run.id, run.state]
  const parameter = (value: unknown) => `$${parameters.push(value)}`
  const direction = order.descending ? 'DESC' : 'ASC'
  const sorted = `item.value ${direction}, item.ordinal ${direction}`
  const [row] = await queryColumns<keyof ItemOrder>(
    db,
    `SELECT ${numberColumn('item.value', sorted)} AS values, ${integerColumn('item.ordinal', sorted)} AS ordinals
     FROM (${valuesOfRun(order, '$1', parameter)}) item
     WHERE EXISTS (SELECT FROM run WHERE id = $1 AND ${state} = $2)`,
    parameters,
  )
  if (!row?.ordinals) return null
  return { values: numbers(row.values), ordinals: integers(row.ordinals) }
}
