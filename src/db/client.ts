import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/prisma/client.ts'

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

interface DatabaseOptions {
  /** Maximum connections; default 20. */
  max?: number
  /** Called when an idle connection breaks, as when the server stops; default: ignored, since the pool replaces it. */
  onError?: (error: Error) => void
}

/** Opens the database at a `postgresql://` URL. Connects on the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({ connectionString: url, max: options.max ?? 20 })
  // Without a listener, a broken idle connection would crash the process.
  pool.on('error', (error) => options.onError?.(error))
  // The other formats capture a stack trace on every call, which keeps everything the caller has in memory alive
  // through the collections of the young generation: half of the time of a page that makes a few calls.
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
  // A connection that breaks between statements reports it here as well as through the next statement.
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
