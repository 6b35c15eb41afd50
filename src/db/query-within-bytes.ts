/**
 * A statement whose rows are taken until they weigh too much. Rows are asked for a few at a time, so that the database does not
 * even look at the large values of those that are left out.
 */
import pg from 'pg'
import type { Queryable } from './client.ts'
import { rowTypes } from './query-rows.ts'

/** What `pg` has, but does not declare. */
interface RowsOfPortal {
  rows: number
  handleDataRow(message: { length: number; fields: unknown[] }): void
  handlePortalSuspended(connection: Connection): void
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
const largestChunk = 32

class QueryWithinBytes extends FirstRows {
  readonly #maxBytes: number
  #bytes = 0
  #count = 0
  cut = false

  constructor(config: pg.QueryConfig, maxBytes: number) {
    super({ ...config, types: rowTypes, rows: firstChunk })
    this.#maxBytes = maxBytes
  }

  override handleDataRow(message: { length: number; fields: unknown[] }): void {
    this.#bytes += message.length
    // The first row comes whatever it weighs: otherwise nobody would get beyond it.
    if (this.#count > 0 && this.#bytes > this.#maxBytes) this.cut = true
    if (this.cut) return
    this.#count += 1
    super.handleDataRow(message)
  }

  override handlePortalSuspended(connection: Connection): void {
    this.cut ||= this.#bytes >= this.#maxBytes
    this.rows = Math.min(largestChunk, this.rows * 2)
    if (this.cut) connection.sync()
    else super.handlePortalSuspended(connection)
  }

  override handleError(error: Error, connection: Connection): void {
    // `pg` leaves this out for statements that are read in parts: their connection would never be ready again.
    if (connection.stream.writable) connection.sync()
    super.handleError(error, connection)
  }
}

/** Bytes of the rows of one page or batch. */
export const pageBytes = 4 * 1024 * 1024

export interface RowsWithinBytes<Row> {
  rows: Row[]
  /** There may be more rows. */
  cut: boolean
}

/**
 * The rows of a statement, in its order, until the next one would bring them above `maxBytes`; at least one. Their int8 are
 * bigint, as from `queryRows`.
 */
export async function queryWithinBytes<Row extends pg.QueryResultRow>(
  db: Queryable,
  statement: pg.QueryConfig,
  maxBytes: number,
): Promise<RowsWithinBytes<Row>> {
  const query = new QueryWithinBytes(statement, maxBytes)
  const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult<Row>>()
  const run = db.query as unknown as (
    query: pg.Submittable,
    callback: (error: Error | undefined, result: pg.QueryResult<Row>) => void,
  ) => void
  run.call(db, query, (error, result) => (error ? reject(error) : resolve(result)))
  const { rows } = await promise
  return { rows, cut: query.cut }
}
