/** The connection by which one process holds the server. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { addressOf, DATABASE, ROLE } from './address.ts'
import { codeOf, EmbeddedPostgresError } from './error.ts'
import type { Home } from './home.ts'
import { isRunning } from './process.ts'

/** Any constant will do: nobody else takes advisory locks in the database `postgres`. */
const LOCK = 727_077
/** How long a killed holder's lock may outlive it, in milliseconds: the server notices the closed connection. */
const GRACE = 3_000

/** SQLSTATE: starting up or shutting down, too many connections, ended by an administrator, ended by a crash. */
const PASSING = ['57P03', '53300', '57P01', '57P02', 'ECONNRESET', 'EPIPE']

/** Whether the server is only on its way up or down. */
function willPass(error: unknown): boolean {
  const code = codeOf(error)
  // The driver gives a connection that broke no code.
  return code === undefined || PASSING.includes(code)
}

/** Tries to connect: a connection, `nobody` when no server listens, `busy` when one does but cannot serve yet. */
export async function attempt(home: Home): Promise<Client | 'nobody' | 'busy'> {
  const address = addressOf(home)
  if (!address) return 'nobody'
  const client = new Client({
    ...address,
    user: ROLE,
    database: 'postgres',
    application_name: `assay ${process.pid}`,
    connectionTimeoutMillis: 5_000,
  })
  // Its end is what matters, and every error is followed by it.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'nobody'
    if (willPass(error)) return 'busy'
    throw error
  }
}

/**
 * Makes this connection the holder of the server, and Assay's database exist.
 * @returns false when the server ended meanwhile
 * @throws {EmbeddedPostgresError} IN_USE when another process is the holder
 */
export async function lock(client: Client, home: Home): Promise<boolean> {
  try {
    await takeLock(client, home)
    const exists = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
    if (exists.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
    return true
  } catch (error) {
    await client.end().catch(() => {})
    if (!(error instanceof EmbeddedPostgresError) && willPass(error)) return false
    throw error
  }
}

async function takeLock(client: Client, home: Home): Promise<void> {
  const deadline = performance.now() + GRACE
  for (;;) {
    const taken = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [LOCK])
    if (taken.rows[0]?.taken) return
    const holder = await holderOf(client)
    if (holder !== undefined && (isRunning(holder) || performance.now() > deadline)) {
      throw new EmbeddedPostgresError(
        'IN_USE',
        `The data directory ${home.dataDir} is already used by process ${holder}: stop that, use another --data-dir, or set DATABASE_URL.`,
      )
    }
    await delay(10)
  }
}

async function holderOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid = $1`,
    [LOCK],
  )
  return rows[0] && Number(rows[0].name.split(' ')[1])
}
