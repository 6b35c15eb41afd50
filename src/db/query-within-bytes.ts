/**
 * Reads the rows of a statement up to a size. They are fetched in chunks, so that the database does not even read the
 * large values of rows that are left out; if the same statement returned only small rows before, all are fetched at
 * once, which saves round trips.
 */
import { hash } from 'node:crypto'
import pg from 'pg'
import type { Queryable } from './client.ts'
import { rowTypes } from './query-rows.ts'

/** Undeclared members of `pg`. */
interface RowsOfPortal {
  rows: number
  handleDataRow(message: { length: number; fields: unknown[] }): void
  handlePortalSuspended(connection: Connection): void
  handleCommandComplete(message: unknown, connection: Connection): void
  handleError(error: Error, connection: Connection): void
}

interface Connection {
  stream: { writable: boolean }
  sync(): void
}

const FirstRows = pg.Query as unknown as new (
  config: pg.QueryConfig & { rows: number },
) => RowsOfPortal & pg.Submittable

const firstChunk = 4
const maxChunk = 32
/** Rows up to this size are small. */
const smallBytes = 16 * 1024
const maxRemembered = 2_000

/** By statement and first parameter (a run, a parent): bytes of the largest row that it last returned. */
const largestRows = new Map<string, number>()

function remember(key: string, bytes: number): void {
  largestRows.delete(key)
  largestRows.set(key, bytes)
  const [oldest] = largestRows.keys()
  if (largestRows.size > maxRemembered && oldest !== undefined) largestRows.delete(oldest)
}

class QueryWithinBytes extends FirstRows {
  readonly #maxBytes: number
  #bytes = 0
  #count = 0
  /** Whether the connection was told that this was all; another Sync would end the statement after this one. */
  #isSynced = false
  largestRow = 0
  cut = false

  /** @param inChunks otherwise all rows are fetched at once */
  constructor(config: pg.QueryConfig, maxBytes: number, inChunks: boolean) {
    super({ ...config, types: rowTypes, rows: inChunks ? firstChunk : 0 })
    this.#maxBytes = maxBytes
  }

  override handleDataRow(message: { length: number; fields: unknown[] }): void {
    this.#bytes += message.length
    this.largestRow = Math.max(this.largestRow, message.length)
    // The first row is returned whatever its size: otherwise paging would never get past it.
    if (this.#count > 0 && this.#bytes > this.#maxBytes) this.cut = true
    if (this.cut) {
      // Dropped, so it must not count towards the scope's limit.
      message.length = 0
      return
    }
    this.#count += 1
    super.handleDataRow(message)
  }

  override handlePortalSuspended(connection: Connection): void {
    this.cut ||= this.#bytes >= this.#maxBytes
    this.rows = Math.min(maxChunk, this.rows * 2)
    if (this.cut) this.#sync(connection)
    else super.handlePortalSuspended(connection)
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    // `pg` sends it here.
    this.#isSynced ||= this.rows > 0
    super.handleCommandComplete(message, connection)
  }

  override handleError(error: Error, connection: Connection): void {
    // `pg` omits this for statements read in chunks: the connection would never become ready again.
    if (this.rows > 0 && !this.#isSynced && connection.stream.writable) this.#sync(connection)
    super.handleError(error, connection)
  }

  #sync(connection: Connection): void {
    this.#isSynced = true
    connection.sync()
  }
}

/** Maximum bytes of rows in one page or batch. */
export const pageBytes = 4 * 1024 * 1024

export interface RowsWithinBytes<Row> {
  rows: Row[]
  /** There may be more rows. */
  cut: boolean
}

/**
 * The rows of a statement, in its order, up to `maxBytes`, but at least one. int8 columns are bigint, as from
 * `queryRows`.
 */
export async function queryWithinBytes<Row extends pg.QueryResultRow>(
  db: Queryable,
  statement: pg.QueryConfig,
  maxBytes: number,
): Promise<RowsWithinBytes<Row>> {
  const key = hash('sha1', JSON.stringify([statement.name ?? statement.text, statement.values?.[0]]), 'base64')
  const known = largestRows.get(key)
  const query = new QueryWithinBytes(statement, maxBytes, known === undefined || known > smallBytes)
  const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult<Row>>()
  const run = db.query as unknown as (
    query: pg.Submittable,
    callback: (error: Error | undefined, result: pg.QueryResult<Row>) => void,
  ) => void
  run.call(db, query, (error, result) => (error ? reject(error) : resolve(result)))
  const { rows } = await promise
  if (rows.length > 0) remember(key, query.largestRow)
  return { rows, cut: query.cut }
}
