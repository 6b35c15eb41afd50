import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type ConnectCallback, explainCancelled, FairPool, type FairPoolOptions } from './fair-pool.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { PreparedNames } from './prepared-names.ts'
import { giveWay } from './process-priority.ts'
import { StatementScope } from './statement-scope.ts'
import { YoungClient } from './young-client.ts'

/** One connection pool, used by Prisma for plain reads and writes and by hand-written SQL on the hot paths. */
export interface Database {
  readonly url: string
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  /** Waits for running statements. Idempotent. */
  close(): Promise<void>
}

/** Anything that can run a statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

/** What reads need of a database; `pool` may be a client inside a transaction, too. */
export interface ReadableDatabase {
  readonly pool: Queryable
  readonly prisma: PrismaClient
}

interface DatabaseOptions {
  /** Maximum connections; default 16. */
  max?: number
  /** Where its pool connects instead: a pooler in transaction mode before the same database; default: none. */
  pooledUrl?: string | null
  /** Called when an idle connection breaks, as when the server stops; default: ignored, since the pool replaces it. */
  onError?: (error: Error) => void
}

/** Opens the database at a `postgresql://` URL. Connects on the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { pooledUrl, max = 16 } = options
  const pool = new pg.Pool({ connectionString: pooledUrl ?? url, max, Client: YoungClient })
  // The next transaction may be on another connection, which has not prepared what this one has.
  if (pooledUrl) pool.on('connect', withoutNames)
  pool.on('connect', giveWay)
  // Without a listener, a broken idle connection would crash the process.
  pool.on('error', (error) => options.onError?.(error))
  return databaseOn(url, pool)
}

/** Lets a connection send every statement with its text, prepared under no name. */
function withoutNames(client: pg.ClientBase): void {
  const query = client.query as (...args: unknown[]) => unknown
  client.query = ((...args: unknown[]) => {
    const [statement] = args as [{ name?: string; submit?: unknown } | string]
    if (typeof statement === 'object' && statement.name !== undefined) {
      // One that has its own way to the connection is sent as it is.
      if (statement.submit) statement.name = undefined
      else args[0] = { ...statement, name: undefined }
    }
    return query.apply(client, args)
  }) as typeof client.query
}

/**
 * A read replica of the database, with the limits of reads of requests. Connects on the first statement, for at most a
 * second.
 */
export function openReplicaDatabase(url: string, onError: (error: Error) => void): Database {
  const { readConnections: max, readStatementMs: statementTimeoutMs } = requestLimits
  const cancel = async (processId: number) => {
    await pool.query('SELECT pg_cancel_backend($1)', [processId])
  }
  const pool: FairPool = new FairPool({ url, max, statementTimeoutMs, onError, cancel, connectMs: 1_000 })
  return databaseOn(url, pool)
}

/** Statements of Prisma that a connection keeps the plans of. Those of one row take it longer to plan than to execute. */
const maxPreparedByPrisma = 100

function databaseOn(url: string, pool: pg.Pool): Database {
  const names = new PreparedNames(maxPreparedByPrisma)
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => names.of(sql) as string })
  // The other formats capture a stack trace on every call, which keeps the caller's objects alive through collections
  // of the young generation: half of the time of a page that makes a few calls.
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' })
  let closing: Promise<void> | null = null
  return {
    url,
    pool,
    prisma,
    close() {
      closing ??= prisma.$disconnect().then(() => pool.end())
      return closing
    },
  }
}

export const requestLimits = {
  /** Connections for reads of requests, for expensive reads, and for writes and imports. */
  readConnections: 8,
  /** Of the first, what a caller gets while others read, too. */
  readConnectionsBesideOthers: 2,
  expensiveReadConnections: 4,
  writeConnections: 8,
  /** Timeouts of one statement, in milliseconds. */
  readStatementMs: 15_000,
  writeStatementMs: 10 * 60_000,
}

/**
 * The same database for client requests, on separate connections, so that feeds, workers and health checks never wait
 * behind them. Connections are shared fairly; statements have a timeout and are cancelled with their scope.
 */
export function openRequestDatabase(db: Database, options: Pick<DatabaseOptions, 'onError'> = {}): Database {
  const shared = {
    url: db.url,
    onError: (error: Error) => options.onError?.(error),
    cancel: (processId: number) => db.pool.query('SELECT pg_cancel_backend($1)', [processId]),
  }
  const { readConnections, readConnectionsBesideOthers: perGroupBesideOthers } = requestLimits
  const { expensiveReadConnections, writeConnections } = requestLimits
  const reading = { ...shared, statementTimeoutMs: requestLimits.readStatementMs }
  const expensiveReads = new FairPool({ ...reading, max: expensiveReadConnections })
  expensiveReads.on('connect', giveWay)
  const writes = new FairPool({
    ...shared,
    max: writeConnections,
    statementTimeoutMs: requestLimits.writeStatementMs,
  })
  return databaseOn(
    db.url,
    new RequestPool({ ...reading, max: readConnections, perGroupBesideOthers }, { expensiveReads, writes }),
  )
}

/** Reads on its own connections; delegates the scopes of other kinds to other pools. */
class RequestPool extends FairPool {
  readonly #expensiveReads: FairPool
  readonly #writes: FairPool

  constructor(options: FairPoolOptions, others: { expensiveReads: FairPool; writes: FairPool }) {
    super(options)
    this.#expensiveReads = others.expensiveReads
    this.#writes = others.writes
    const { query } = this
    this.query = ((...args: unknown[]) => {
      const scope = StatementScope.current
      // In a new array: functions that are assigned to elements would be kept, see young-client.ts.
      const explained = args.map((argument) =>
        typeof argument === 'function'
          ? (error: unknown, result: unknown) => argument(explainCancelled(error, scope), result)
          : argument,
      )
      const result = Reflect.apply(query, this, explained) as Promise<unknown> | undefined
      return result?.catch((error: unknown) => {
        throw explainCancelled(error, scope)
      })
    }) as typeof query
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const pool = this.#otherPool()
    if (callback) return void (pool ? pool.connect(callback) : super.connect(callback))
    return pool ? pool.connect() : super.connect()
  }

  override async end(): Promise<void> {
    await Promise.all([super.end(), this.#expensiveReads.end(), this.#writes.end()])
  }

  #otherPool(): FairPool | null {
    switch (StatementScope.current?.kind) {
      case 'EXPENSIVE_READ':
        return this.#expensiveReads
      case 'WRITE':
        return this.#writes
      default:
        return null
    }
  }
}

/**
 * Leaves a statement to be awaited at the end of its transaction. Those after it are sent before its answer has come, and
 * are executed after it all the same.
 * @returns what is to be awaited now: nothing, or in a transaction that waits for every statement the statement itself
 */
export type Unawaited = (statement: Promise<unknown>) => Promise<unknown> | undefined

/**
 * Runs `work` in one transaction on one connection that sends statements without waiting for the answers of those before:
 * a transaction then takes as many round trips as `work` awaits, and one. Rolls back when a statement fails, and throws the
 * error of the first that did.
 * @param work returns what it makes of the answers to its last statements, which are sent together with the COMMIT
 */
export async function pipelined<T>(
  pool: pg.Pool,
  work: (client: Queryable, unawaited: Unawaited) => Promise<() => Promise<T>>,
): Promise<T> {
  const client = await pool.connect()
  const sent: Promise<unknown>[] = []
  const unawaited = (statement: Promise<unknown>) => {
    statement.catch(() => {})
    sent.push(statement)
    return undefined
  }
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  setPipeline(client, true)
  try {
    unawaited(client.query('BEGIN'))
    const finish = await work(client, unawaited)
    unawaited(client.query('COMMIT'))
    const result = await finish()
    await Promise.all(sent)
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken ??= rollbackError
    })
    // What comes after a statement that failed fails for that.
    const failed = (await Promise.allSettled(sent)).find((statement) => statement.status === 'rejected')
    throw failed ? failed.reason : error
  } finally {
    setPipeline(client, false)
    client.off('error', onError)
    client.release(broken)
  }
}

/** What `pg` reads before every statement, and declares as an option of connections only. */
function setPipeline(client: pg.PoolClient, pipeline: boolean): void {
  Object.assign(client, { pipeline })
}

/**
 * Runs `work` in one transaction on one connection; rolls back when it throws.
 * @param begin the statement that starts it, with another isolation level
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  // A connection that breaks between statements reports it here as well as through the next statement.
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken ??= rollbackError
    })
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}
