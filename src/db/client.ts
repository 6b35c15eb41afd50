import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/prisma/client.ts'

/** One pool of connections, seen by Prisma for plain reads and writes and by hand-written SQL for the hot paths. */
export interface Database {
  readonly url: string
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  /** Idempotent; waits for running statements. */
  close(): Promise<void>
}

/** Anything that runs a statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

interface DatabaseOptions {
  /** Connections at most; default 20. */
  max?: number
  /** Told of connections that broke while idle (a stopping server does that); default: ignored, the pool replaces them. */
  onError?: (error: Error) => void
}

/** Opens the database at a `postgresql://` URL. No connection is made before the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({ connectionString: url, max: options.max ?? 20 })
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => options.onError?.(error))
  // The other formats take a stack trace at every call, which keeps all that the caller has in memory through the collections
  // of the young generation: half of the time of a page that makes a few calls.
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
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

/** Runs `work` in one transaction on one connection; rolls back when it throws. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  // A connection that dies between statements reports it here as well as through the next statement.
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query('BEGIN')
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
