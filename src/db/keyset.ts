/**
 * Keyset pagination: a page starts after the sort key of the previous row, so its cost does not grow with its distance
 * from the start, and rows added or removed elsewhere never shift it. The pages of many parents (the runs of each of
 * twenty datasets) come from one statement.
 */
import { InvalidInputError, LimitError } from '../domain/errors.ts'
import type { Queryable } from './client.ts'
import { PreparedNames } from './prepared-names.ts'
import { queryRows } from './query-rows.ts'
import { pageBytes, queryWithinBytes } from './query-within-bytes.ts'

/** A pageable list: a select, a parent column and a total order. */
export interface List {
  /** Select list with the field names of the row type. */
  select: string
  /** The table and its joins; values are passed through `parameter`, and `parent.id` is the parent's. */
  from: string | ((parameter: (value: unknown) => string) => string)
  /**
   * The column with the parent's id, and its type. `leads`: an index begins with it and goes on with the keys, and others
   * have the order of the keys alone, over all parents: by these the planner would read the rows of the others, too.
   */
  parent: { column: string; type: string; leads?: true }
  /** Further conditions; values are passed through `parameter`. */
  where: (parameter: (value: unknown) => string) => string[]
  /** Expressions that are never null, the last one unique within the parent. All ascending or all descending. */
  keys: Key[]
  descending: boolean
  /** Whether one plan is right for all its parents and values. */
  onePlan?: true
}

/** What a list is ordered by, and whether the largest comes first. */
export interface ListOrder<Field extends string> {
  field: Field
  descending: boolean
}

/** A part of a sort key; values in its expression are passed through `parameter`. */
export interface Key {
  sql: string | ((parameter: (value: unknown) => string) => string)
  type: string
  /**
   * Whether it is the only key, and its values are the numbers from 0 without a gap: then n rows of an unfiltered list are
   * read as a range of n values, and cannot be sorted out of all rows of their parent.
   */
  consecutive?: true
}

export interface PageRequest {
  /** Maximum rows. */
  limit: number
  /** Return the last rows instead of the first. */
  backward: boolean
  /** Only rows after this sort key. */
  after: string[] | null
  /** Only rows before this sort key. */
  before: string[] | null
  /** How many of these rows are passed by; default: none. Reads them, so its cost grows with the number. */
  skip?: number
}

/** A row with its sort key as text, which cursors are made of. */
export type Keyed<Row> = Row & { sortKey: string[] }

export interface Page<Row> {
  rows: Keyed<Row>[]
  hasPreviousPage: boolean
  hasNextPage: boolean
}

/** The error for a cursor whose parts are not those of a sort key. */
export function alteredCursor(path: string[] | null = null): InvalidInputError {
  return new InvalidInputError('Expected a cursor as this API returns them, got an altered one.', path)
}

/** The table of a list and its joins. */
export function fromClause({ from }: List, parameter: (value: unknown) => string): string {
  return typeof from === 'string' ? from : from(parameter)
}

/** The expressions of a list's sort key. */
export function keyExpressions({ keys }: List, parameter: (value: unknown) => string): string[] {
  return keys.map(({ sql }) => (typeof sql === 'string' ? sql : sql(parameter)))
}

/** For each parent, in the order of `parents`, the number of its rows, counted up to `limit`; in one statement. */
export async function countRows(
  db: Queryable,
  list: List,
  parents: readonly string[],
  limit: number,
): Promise<number[]> {
  const { values, from } = parentsOf(list, parents)
  const parameter = (value: unknown) => `$${values.push(value)}`
  const conditions = [`${list.parent.column} = parent.id`, ...list.where(parameter)]
  const rows = await queryRows<{ count: number }>(
    db,
    `SELECT (SELECT count(*)::int
       FROM (SELECT FROM ${fromClause(list, parameter)} WHERE ${conditions.join(' AND ')} LIMIT ${parameter(limit)}) counted) AS count
     FROM ${from} ORDER BY parent.number`,
    values,
  )
  return rows.map(({ count }) => count)
}

/**
 * A FROM item `parent (id, number)`, with its parameter as the first of a statement. One parent is no list, so that the
 * planner knows how many rows it has: by the mean of all, a page of the items of a small run beside one of 1,000,000 read
 * the items of both.
 */
function parentsOf({ parent: { type } }: List, parents: readonly string[]): { values: unknown[]; from: string } {
  if (parents.length === 1) return { values: [parents[0]], from: `(SELECT $1::${type} AS id, 1 AS number) parent` }
  return { values: [parents], from: `unnest($1::${type}[]) WITH ORDINALITY AS parent (id, number)` }
}

/** The range in which the rows of a page are, by a key of consecutive numbers; none where its start is not known. */
function within(
  { limit, skip = 0, backward, after, before }: PageRequest,
  descending: boolean,
  key: string,
  parameter: (value: unknown) => string,
): string[] {
  const isUpwards = descending === backward
  const start = Number((backward ? before : after)?.[0] ?? (isUpwards ? -1 : undefined))
  if (!Number.isSafeInteger(start)) return []
  const rows = limit + 1 + skip
  const [from, to] = isUpwards ? [start + 1, start + rows] : [start - rows, start - 1]
  return [`${key} BETWEEN ${parameter(from)}::bigint AND ${parameter(to)}::bigint`]
}

const prepared = new PreparedNames(100)

/**
 * One page per parent, in the order of `parents`, in one statement. A page of large rows ends early.
 * @throws {LimitError} when the rows of several parents are too large together
 */
export async function loadPages<Row>(
  db: Queryable,
  list: List,
  parents: readonly string[],
  request: PageRequest,
): Promise<Page<Row>[]> {
  const { values, from } = parentsOf(list, parents)
  const parameter = (value: unknown) => `$${values.push(value)}`
  const keys = keyExpressions(list, parameter)
  const { column, leads } = list.parent
  // What is equal to a constant is left out of the order; a range is not, and only the index that it begins with has it.
  const order = leads ? [column, ...keys] : keys
  const beyond = (key: string[] | null, operator: '<' | '>') => {
    if (!key) return []
    const place = key.map((value, i) => `${parameter(value)}::${list.keys[i]?.type}`)
    return [`(${order.join(', ')}) ${operator} (${(leads ? ['parent.id', ...place] : place).join(', ')})`]
  }

  const filters = list.where(parameter)
  const isRange = list.keys[0]?.consecutive && filters.length === 0
  const conditions = [
    // Compared as rows, because of a simple range the planner expects so few rows that it would sort them all.
    ...(leads
      ? ['>=', '<='].map((operator) => `(${column}, ${column}) ${operator} (parent.id, parent.id)`)
      : [`${column} = parent.id`]),
    ...filters,
    ...beyond(request.after, list.descending ? '<' : '>'),
    ...beyond(request.before, list.descending ? '>' : '<'),
    ...(isRange ? within(request, list.descending, keys[0] as string, parameter) : []),
  ]
  const direction = list.descending !== request.backward ? 'DESC' : 'ASC'
  const text = `SELECT parent.number::int AS "parentNumber", page.*
     FROM ${from}
     CROSS JOIN LATERAL (
       SELECT ${list.select}, ARRAY[${keys.map((key) => `(${key})::text`).join(', ')}] AS "sortKey"
       FROM ${fromClause(list, parameter)}
       WHERE ${conditions.join(' AND ')}
       ORDER BY ${order.map((key) => `${key} ${direction}`).join(', ')}
       LIMIT ${parameter(request.limit + 1)} ${request.skip ? `OFFSET ${parameter(request.skip)}` : ''}
     ) page`
  // One plan is right for all ranges, too. Making one takes 0.3 ms.
  const name = isRange || list.onePlan ? prepared.of(text) : undefined
  const { rows, cut } = await queryWithinBytes<Keyed<Row> & { parentNumber: number }>(
    db,
    { name, text, values },
    pageBytes * Math.min(parents.length, 4),
  )
  if (cut && parents.length > 1) {
    throw new LimitError(
      'The rows of these pages are too large to be read together; ask for smaller pages, or for fewer at once.',
    )
  }

  const byParent: Keyed<Row>[][] = parents.map(() => [])
  for (const row of rows) byParent[row.parentNumber - 1]?.push(row)
  return byParent.map((found) => {
    const tooMany = found.length > request.limit
    if (tooMany) found.pop()
    const more = tooMany || cut
    if (request.backward) found.reverse()
    return {
      rows: found,
      hasPreviousPage: request.backward ? more : request.after !== null || (request.skip ?? 0) > 0,
      hasNextPage: request.backward ? request.before !== null : more,
    }
  })
}
