/**
 * The items of compared runs in the order of their schedule. A page costs the same at any size and place.
 *
 * Runs with the seed of the first one have one order, whatever items and repetitions each of them has. A page is merged
 * from a range of each, by primary key; where the ranges begin is searched by the hash that the order is of. Items that
 * only runs with other seeds have come last, by run and position: which ones these are, only sorting all items says.
 * Items that a filter lists are looked up instead.
 */
import type { Parameter } from '../../conditions.ts'
import { alteredCursor, type PageRequest } from '../../keyset.ts'
import { filteredItems, type ItemFilter, itemsOfRuns, type RowFilter } from './row-filter.ts'

/** Runs of one dataset: the baseline first, if there is one. */
export interface ComparedRuns {
  ids: readonly string[]
  datasetVersions: readonly number[]
  repetitions: readonly number[]
  seeds: readonly string[]
}

/** Where an item is: the number of a run that has it, from 1, and the position in its schedule. */
export interface RowPlace {
  run: number
  position: number
}

interface Reading {
  runs: ComparedRuns
  /** The numbers of the runs that have the order of the first one. */
  together: readonly number[]
  asked: RowFilter
  /** What `asked` demands of items beside being listed. */
  filter: ItemFilter
  /** The rows of the page and one more. */
  limit: string
  direction: 'ASC' | 'DESC'
  after: RowPlace | null
  before: RowPlace | null
  parameter: Parameter
}

/**
 * A statement for the items of a page and one more: `"itemId"` and, as `"sortKey"`, the number of the first run with the
 * item and its position there. `$1` contains the run ids.
 */
export function pageInSchedule(runs: ComparedRuns, filter: RowFilter, page: PageRequest, parameter: Parameter): string {
  const reading: Reading = {
    runs,
    together: runs.ids.flatMap((_, index) => (runs.seeds[index] === runs.seeds[0] ? [index + 1] : [])),
    asked: filter,
    filter: filteredItems(runs.datasetVersions, filter, parameter),
    limit: `${parameter(page.limit + 1)}::int`,
    direction: page.backward ? 'DESC' : 'ASC',
    after: parsePlace(page.after, 'after'),
    before: parsePlace(page.before, 'before'),
    parameter,
  }
  const isOneOrder = reading.together.length === runs.ids.length
  const parts = filter.itemIds ? ['listed'] : isOneOrder ? ['together'] : ['together', 'apart']
  if (page.backward) parts.reverse()
  const [first, second] = parts
  // The second is not read before the first is used up.
  const open = second ? `(SELECT count(*) FROM ${first}) < ${reading.limit}` : ''
  const ctes = parts.flatMap((part) => {
    if (part === 'listed') return itemsListed(reading)
    return (part === 'apart' ? itemsApart : itemsTogether)(reading, part === second ? open : 'true')
  })
  return `WITH ${[...reading.filter.ctes, ...ctes].join(', ')}
    SELECT item_id::text AS "itemId", ARRAY[run::text, position::text] AS "sortKey"
    FROM (${parts.map((part) => `SELECT * FROM ${part}`).join(' UNION ALL ')}) i
    ORDER BY ${inOrder(reading, 'hash', 'run', 'position')} LIMIT ${reading.limit}`
}

/** CTEs for the items `together (item_id, run, position, hash)` of the runs that have the order of the first one. */
function itemsTogether(reading: Reading, open: string): string[] {
  const { runs, together, filter, limit, direction, after, before, parameter } = reading
  const { join, conditions } = filter
  const backward = direction === 'DESC'
  const itemsBefore = (place: RowPlace | null, including: boolean) => {
    if (!place || isApart(reading, place)) return 'run_items_before(r.id, NULL, 0, false)'
    return `run_items_before(r.id, ${itemAt(reading, place)}, ${parameter(place.position)}::int, ${including})`
  }
  const repetitions = together.map((run) => runs.repetitions[run - 1])
  const range = `range AS MATERIALIZED (
    SELECT r.*, ${after ? itemsBefore(after, true) : '0'} AS low, ${itemsBefore(before, false)} AS high
    FROM (SELECT ($1::uuid[])[run] AS id, run, repetitions
      FROM unnest(${parameter(together)}::int[], ${parameter(repetitions)}::int[]) AS r (run, repetitions)) r
    WHERE ${open})`
  const itemsIn = (low: string, high: string, where = 'true') => `(
    SELECT DISTINCT ON (item_id) item_id, run, position
    FROM (SELECT id, run, repetitions, ${low} AS low, ${high} AS high FROM range r WHERE ${where}) r CROSS JOIN LATERAL (
      SELECT item_id, position FROM run_item
      WHERE run_id = r.id AND ordinal >= low * repetitions AND ordinal < high * repetitions AND repetition = 0 OFFSET 0) i
    ORDER BY item_id, run) i`
  const page = (items: string) => `together AS MATERIALIZED (
    SELECT item_id, run, position, ${hashOf(reading, 'item_id')} AS hash FROM ${items}
    ORDER BY ${inOrder(reading, 'hash')} LIMIT ${limit})`
  if (conditions.length === 0) {
    const items = backward
      ? itemsIn(`greatest(low, high - ${limit})`, 'high')
      : itemsIn('low', `least(high, low + ${limit})`)
    return [range, page(items)]
  }
  // No bound where none is needed, and a number where it is known: of others the planner expects a few rows, and looks up
  // what the filter needs one by one (26 → 98 ms in 20,000 items with a rare tag).
  const bound = (place: RowPlace | null, operator: '>=' | '<', column: 'low' | 'high') => {
    if (!place) return []
    const first = (place.position + (operator === '>=' ? 1 : 0)) * (runs.repetitions[0] ?? 1)
    const end = place.run === 1 ? parameter(first) : `(SELECT ${column} * repetitions FROM range WHERE run = 1)`
    return [`i.ordinal ${operator} ${end}::bigint`]
  }
  const inFirst = [open, 'i.repetition = 0', ...bound(after, '>=', 'low'), ...bound(before, '<', 'high'), ...conditions]
  const first = `first AS MATERIALIZED (
    SELECT i.item_id, i.run, i.position FROM (SELECT *, 1 AS run FROM run_item WHERE run_id = ($1::uuid[])[1]) i ${join}
    WHERE ${inFirst.join(' AND ')} ORDER BY i.ordinal ${direction} LIMIT ${limit})`
  if (together.length === 1) return [range, first, page('first')]
  // Of the others only what comes before the last item of a full page.
  const upTo = (bound: string) => `COALESCE((
    SELECT run_items_before(r.id, item_id, position, false)
    FROM (SELECT * FROM first ORDER BY position ${direction} OFFSET ${limit} - 1 LIMIT 1) edge), ${bound})`
  const [low, high] = backward ? [upTo('low'), 'high'] : ['low', upTo('high')]
  const others = itemsIn(low, high, `NOT ${haveAllItems(reading, [1])}`)
  const items = `(SELECT * FROM first UNION ALL
    SELECT i.item_id, i.run, i.position FROM ${others} ${join} WHERE i.run > 1 AND ${conditions.join(' AND ')}) i`
  return [range, first, page(items)]
}

/** CTEs for the items `apart (item_id, run, position, hash)` that only runs with orders of their own have: after every hash. */
function itemsApart(reading: Reading, open: string): string[] {
  const { together, filter, limit, after, before, parameter } = reading
  const beyond = (operator: string, place: RowPlace | null) => {
    if (!place) return []
    const { run, position } = place
    if (!isApart(reading, place)) return operator === '>' ? [] : ['false']
    return [`(i.run, i.position) ${operator} (${parameter(run)}::int, ${parameter(position)}::int)`]
  }
  const conditions = [...beyond('>', after), ...beyond('<', before), ...filter.conditions]
  // Lateral to its gate, it does not start before the gate is open; next to it, parallel workers were started for
  // nothing (10 ms).
  return [
    `apart AS MATERIALIZED (
      SELECT i.* FROM (SELECT ${open} AND NOT ${haveAllItems(reading, together)} AS open) gate CROSS JOIN LATERAL (
        SELECT i.item_id, i.run, i.position, '~' COLLATE "C" AS hash FROM (
          ${itemsOnce(reading)}) i ${filter.join}
        WHERE ${['gate.open', 'NOT i.has', ...conditions].join(' AND ')}
        ORDER BY ${inOrder(reading, 'run', 'position')} LIMIT ${limit}) i)`,
  ]
}

/** The CTE for the items `listed (item_id, run, position, hash)` of all runs, each looked up. */
function itemsListed(reading: Reading): string[] {
  const { filter, limit, after, before, parameter } = reading
  const beyond = (operator: string, place: RowPlace | null) => {
    if (!place) return []
    // After all that are together where the run has no such item, as in its order.
    const hash = isApart(reading, place) ? `'~'` : `COALESCE(${hashOf(reading, itemAt(reading, place))}, '}')`
    const key = `${hash}, ${parameter(place.run)}::int, ${parameter(place.position)}::int`
    return [`(i.hash, i.run, i.position) ${operator} (${key})`]
  }
  const conditions = ['true', ...beyond('>', after), ...beyond('<', before), ...filter.conditions]
  return [
    `listed AS MATERIALIZED (
      SELECT i.item_id, i.run, i.position, i.hash FROM (
        SELECT *, CASE WHEN has THEN ${hashOf(reading, 'item_id')} ELSE '~' END COLLATE "C" AS hash
        FROM (${itemsOnce(reading)}) i) i ${filter.join}
      WHERE ${conditions.join(' AND ')}
      ORDER BY ${inOrder(reading, 'i.hash', 'i.run', 'i.position')} LIMIT ${limit})`,
  ]
}

/** A select of `item_id, run, position, has`: each item once, and whether a run that has the order of the first one has it. */
function itemsOnce({ runs, asked, together, parameter }: Reading): string {
  return `SELECT DISTINCT ON (item_id) item_id, run, position, run = ANY (${parameter(together)}::int[]) AS has
    FROM ${itemsOfRuns(runs.repetitions, asked, parameter)} ORDER BY item_id, 4 DESC, run`
}

/** The id of the item at a place; null where there is none. */
function itemAt({ runs, parameter }: Reading, { run, position }: RowPlace): string {
  const ordinal = parameter(position * (runs.repetitions[run - 1] ?? 1))
  return `(SELECT item_id FROM run_item WHERE run_id = ($1::uuid[])[${run}] AND ordinal = ${ordinal}::bigint)`
}

/** What the order of the first run sorts an item by. */
function hashOf({ runs, parameter }: Reading, item: string): string {
  return `md5(${parameter(runs.seeds[0])}::text || ':' || ${item}) COLLATE "C"`
}

/** Whether one of the runs with these numbers has all items of the one version that all runs use: others have no more. */
function haveAllItems({ runs, parameter }: Reading, numbers: readonly number[]): string {
  if (new Set(runs.datasetVersions).size > 1) return 'false'
  return `EXISTS (SELECT FROM run r JOIN dataset_version v ON v.dataset_id = r.dataset_id AND v.version = r.dataset_version
    WHERE r.id = ANY ($1::uuid[]) AND array_position($1::uuid[], r.id) = ANY (${parameter(numbers)}::int[])
      AND r.total = v.item_count * COALESCE((r.settings ->> 'repetitions')::int, 1))`
}

function inOrder({ direction }: Reading, ...columns: string[]): string {
  return columns.map((column) => `${column} ${direction}`).join(', ')
}

function isApart({ together }: Reading, { run }: RowPlace): boolean {
  return !together.includes(run)
}

/** @throws {InvalidInputError} not the parts of a cursor in this order */
export function parsePlace(key: string[] | null, argument: string): RowPlace | null {
  if (!key) return null
  const [run = '', position = ''] = key
  if (/^\d{1,2}$/.test(run) && /^\d{1,9}$/.test(position)) return { run: Number(run), position: Number(position) }
  throw alteredCursor([argument])
}
