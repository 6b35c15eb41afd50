/**
 * An embedded PostgreSQL: a real server in a directory of its own, started on demand.
 *
 * - One holder per directory. The holder keeps a connection with an advisory lock, so the lock ends exactly when the
 *   holder does, even by kill -9. The next start then takes over the running server, with every committed row.
 * - A server that was killed is restarted, recovers and is locked again; `closed` reports when that fails.
 * - Only the holder of the lock stops the server.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { addressOf, readPidFile, urlOf } from './address.ts'
import { findBinaries } from './binaries.ts'
import { prepareCluster } from './cluster.ts'
import { attempt, lock } from './connection.ts'
import type { EmbeddedPostgresError } from './error.ts'
import { explain } from './explain.ts'
import { type Home, openHome } from './home.ts'
import {
  endSurvivors,
  type Launched,
  launch,
  postmasterPid,
  removeStaleLocks,
  type Settings,
  stopPostmaster,
} from './postmaster.ts'

type EmbeddedPostgresOptions = {
  /** Assay's data directory; created when missing. PostgreSQL lives in its `postgres` subdirectory. */
  dataDir: string
  /** Receives a sentence about whatever takes long. Default: none. */
  log?: (message: string) => void
  /** Override the default PostgreSQL settings. `fsync: 'off'` is only for disposable data. */
  settings?: Settings
}

type EmbeddedPostgres = {
  /** For any PostgreSQL client. Constant while we run. */
  readonly url: string
  /** Process id of the server; changes when it is restarted. */
  readonly pid: number | undefined
  /** Settles when the server is gone for good: undefined after `stop()`, an error when it could not be restarted. */
  readonly closed: Promise<EmbeddedPostgresError | undefined>
  /** Stops the server: open transactions are rolled back. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts the server, or takes over the one that a killed holder left.
 * @throws {EmbeddedPostgresError} whose message is one sentence for the user
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {}, settings = {} } = options
  try {
    const home = await openHome(dataDir)
    const held = await acquire(home, settings, log)
    return supervise(home, held, () => {
      log('PostgreSQL ended unexpectedly; restarting it.')
      return acquire(home, settings, log)
    })
  } catch (error) {
    throw await explain(error, dataDir)
  }
}

/** The URL of a server that another process holds, for additional clients; `undefined` when none is running. */
export async function runningServerUrl(dataDir: string): Promise<string | undefined> {
  const home = await openHome(dataDir)
  const address = postmasterPid(home) === undefined ? undefined : addressOf(home)
  return address && urlOf(address)
}

/** A connection that holds the lock; starts the server if none is running. */
async function acquire(home: Home, settings: Settings, log: (message: string) => void): Promise<Client> {
  const begin = performance.now()
  let launched: Launched | undefined
  let patient = true
  for (;;) {
    const connection = await attempt(home)
    if (typeof connection === 'object' && (await lock(connection, home))) return connection

    if (launched?.output !== undefined) {
      removeObstacle(home, launched.output)
      launched = undefined
    } else if (connection === 'absent' && !launched && postmasterPid(home) === undefined) {
      const binaries = await findBinaries(home)
      await prepareCluster(home, binaries, { log, durable: settings.fsync !== 'off' })
      launched = await launch(home, binaries, settings)
    }

    const waited = performance.now() - begin
    if (waited > 60_000 && connection === 'absent' && !launched) throw new Error(unresponsive(home))
    if (waited > 5_000 && patient) {
      log(`Still waiting for PostgreSQL, which may be recovering from a crash: see ${home.log}.`)
      patient = false
    }
    await delay(10)
  }
}

/** After a failed start: returns when another attempt can succeed, otherwise throws the server's output. */
function removeObstacle(home: Home, output: string): void {
  if (output.includes('pre-existing shared memory block')) endSurvivors(home)
  else if (/lock file ".*" already exists/.test(output)) removeStaleLocks(home)
  else throw new Error(output)
}

function unresponsive(home: Home): string {
  return (
    `process ${readPidFile(home)?.[0]}, which ${home.cluster}/postmaster.pid names as the server, does not respond; ` +
    'if it is not PostgreSQL, remove that file'
  )
}

function supervise(home: Home, first: Client, acquireAgain: () => Promise<Client>): EmbeddedPostgres {
  const { promise: closed, resolve } = Promise.withResolvers<EmbeddedPostgresError | undefined>()
  let held: Client | undefined
  let stopping: Promise<void> | undefined
  let reviving: Promise<void> = Promise.resolve()

  const hold = (client: Client) => {
    held = client
    client.once('end', () => {
      held = undefined
      if (!stopping) reviving = revive()
    })
  }
  const revive = async () => {
    try {
      hold(await acquireAgain())
    } catch (error) {
      resolve(await explain(error, home.dataDir))
    }
  }
  const stop = async () => {
    await reviving
    const connection = held
    if (!connection) return
    await stopPostmaster(home, () => findBinaries(home))
    await connection.end()
    resolve(undefined)
  }
  hold(first)

  const address = addressOf(home)
  if (!address) throw new Error('The server ended immediately after it started.')
  return {
    url: urlOf(address),
    get pid() {
      return postmasterPid(home)
    },
    closed,
    stop: () => (stopping ??= stop()),
  }
}
