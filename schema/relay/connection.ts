/**
 * Relay connections over keyset pages: arguments in, edges and opaque cursors out. `list-size.ts` has the fields that
 * say how long a list is.
 */
import type { Keyed, List, Page, PageRequest } from '../../src/db/keyset.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { excerptOf } from '../../src/domain/excerpt.ts'
import type { Context } from '../context.ts'

export const maxPageSize = 100
const defaultPageSize = 20

/** What a page may pass by: reading so many rows takes some tenths of a second. */
const maxSkip = 1_000_000

export interface ConnectionArguments {
  first?: number | null
  last?: number | null
  after?: string | null
  before?: string | null
  /** Of lists that one can jump in. */
  skip?: number | null
}

/** How many rows a list has. The builder demands it of every connection. */
export interface ListSize {
  /** The number of rows where it is stored; null elsewhere. Only called when it is selected. */
  totalCount: number | null | (() => Promise<number | null>)
  /** Counts the rows, at most `limit` of them. */
  countUpTo: (limit: number) => Promise<number>
}

/**
 * One page of a list under a parent, as a Relay connection.
 * @param orderName part of the cursors, so that a cursor of another order is refused
 * @param totalCount the number of rows of this list with its filters, if it is stored
 */
export async function listConnection<Row>(
  context: Context,
  list: List,
  orderName: string,
  parent: string,
  args: ConnectionArguments,
  totalCount: ListSize['totalCount'] = null,
) {
  const request = pageRequest(args, { name: orderName, parts: list.keys.length })
  return connection(await context.loaders.page<Row>(list, parent, request), orderName, {
    totalCount,
    countUpTo: (limit) => context.loaders.count(list, parent, limit),
  })
}

/**
 * @param order the list's order and the number of key parts in its cursors: a cursor of another order is refused
 * @throws {InvalidInputError} naming the argument
 */
export function pageRequest(args: ConnectionArguments, order: { name: string; parts: number }): PageRequest {
  const { first, last } = args
  if (first != null && last != null) {
    throw new InvalidInputError('Expected either `first` or `last`, got both.', ['first'])
  }
  checkPageSize('first', first)
  checkPageSize('last', last)
  return {
    limit: first ?? last ?? defaultPageSize,
    backward: last != null,
    after: args.after == null ? null : decodeCursor(args.after, order, 'after'),
    before: args.before == null ? null : decodeCursor(args.before, order, 'before'),
    ...(args.skip != null && { skip: checkedSkip(args.skip) }),
  }
}

/** @throws {InvalidInputError} */
function checkedSkip(skip: number): number {
  if (skip >= 0 && skip <= maxSkip) return skip
  throw new InvalidInputError(`Expected \`skip\` to be 0–${maxSkip.toLocaleString('en')}, got ${skip}.`, ['skip'])
}

/** @throws {InvalidInputError} */
export function checkPageSize(argument: 'first' | 'last', size: number | null | undefined): void {
  if (size == null || (size >= 1 && size <= maxPageSize)) return
  throw new InvalidInputError(
    `Expected \`${argument}\` to be 1–${maxPageSize}, got ${size}. Page with \`pageInfo.endCursor\` and \`after\` to read more.`,
    [argument],
  )
}

/** Whether a filter leaves every row; one of empty texts and lists counts as a filter. */
export function isUnfiltered(filter: object | null | undefined): boolean {
  return Object.values(filter ?? {}).every((value) => value == null)
}

export function connection<Row>(page: Page<Row>, orderName: string, size: ListSize) {
  const edges = page.rows.map((row) => new Edge(orderName, row))
  return {
    ...size,
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

/** Whoever lists nodes asks for the first and the last cursor at most. */
class Edge<Row> {
  readonly node: Row
  readonly #orderName: string
  readonly #sortKey: string[]

  constructor(orderName: string, row: Keyed<Row>) {
    this.node = row
    this.#orderName = orderName
    this.#sortKey = row.sortKey
  }

  get cursor(): string {
    return encodeCursor(this.#orderName, this.#sortKey)
  }
}

export function encodeCursor(orderName: string, sortKey: string[]): string {
  return Buffer.from(JSON.stringify([orderName, ...sortKey])).toString('base64url')
}

function decodeCursor(cursor: string, order: { name: string; parts: number }, argument: string): string[] {
  const [name, ...key] = parseStrings(Buffer.from(cursor, 'base64url').toString())
  if (name !== order.name || key.length !== order.parts) {
    throw new InvalidInputError(
      `Expected \`${argument}\` to be a cursor of this list in this order (from \`pageInfo\` or \`edges\`), got ${excerptOf(cursor)}.`,
      [argument],
    )
  }
  return key
}

function parseStrings(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : []
  } catch {
    return []
  }
}
