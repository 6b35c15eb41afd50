/** The connection through which a process holds the server. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { addressOf, databaseName, roleName } from './address.ts'
import { codeOf, EmbeddedPostgresError } from './error.ts'
import type { Home } from './home.ts'
import { isRunning } from './process.ts'

/** Arbitrary: nothing else takes advisory locks in the database `postgres`. */
const lockKey = 727_077
/**
 * How long the lock of a killed holder may outlive it, in milliseconds, until the server notices the closed connection.
 */
const graceMs = 3_000

/** SQLSTATE: starting up or shutting down, too many connections, terminated by an administrator, by a crash. */
const transientCodes = ['57P03', '53300', '57P01', '57P02', 'ECONNRESET', 'EPIPE']

/** Whether the server is just starting up or shutting down. */
function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  // The driver reports a broken connection without a code.
  return code === undefined || transientCodes.includes(code)
}

/** Tries to connect: a connection, `absent` when no server is listening, `busy` when one is but cannot serve yet. */
export async function attempt(home: Home): Promise<Client | 'absent' | 'busy'> {
  const address = addressOf(home)
  if (!address) return 'absent'
  const client = new Client({
    ...address,
    user: roleName,
    database: 'postgres',
    application_name: `assay ${process.pid}`,
    connectionTimeoutMillis: 5_000,
  })
  // Every error is followed by the end event, which is what counts.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent'
    if (isTransient(error)) return 'busy'
    throw error
  }
}

/**
 * Makes this connection the holder of the server, and creates Assay's database if needed.
 * @returns false when the server ended in the meantime
 * @throws {EmbeddedPostgresError} IN_USE when another process is the holder
 */
export async function lock(client: Client, home: Home): Promise<boolean> {
  try {
    await takeLock(client, home)
    const exists = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName])
    if (exists.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`)
    return true
  } catch (error) {
    await client.end().catch(() => {})
    if (!(error instanceof EmbeddedPostgresError) && isTransient(error)) return false
    throw error
  }
}

async function takeLock(client: Client, home: Home): Promise<void> {
  const deadline = performance.now() + graceMs
  for (;;) {
    const taken = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey])
    if (taken.rows[0]?.taken) return
    const holder = await holderOf(client)
    if (holder !== undefined && (isRunning(holder) || performance.now() > deadline)) {
      throw new EmbeddedPostgresError(
        'IN_USE',
        `The data directory ${home.dataDir} is already in use by process ${holder}: ` +
          'stop that process, use another --data-dir, or set DATABASE_URL.',
      )
    }
    await delay(10)
  }
}

async function holderOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid = $1`,
    [lockKey],
  )
  return rows[0] && Number(rows[0].name.split(' ')[1])
}
