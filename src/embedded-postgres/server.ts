/**
 * An embedded PostgreSQL: a real server in a directory of ours, started on demand.
 *
 * - One holder a directory. The holder keeps a connection with an advisory lock, so the lock ends exactly when the holder does,
 *   also by kill -9. The next start then takes over the server that still runs, with every committed row.
 * - A server that was killed is started again, recovers and is locked again; `closed` says when that fails.
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
  /** Told what takes long, in one sentence each. Default: nobody is told. */
  log?: (message: string) => void
  /** PostgreSQL settings above the launcher's own. `fsync: 'off'` is only for data that nobody will miss. */
  settings?: Settings
}

type EmbeddedPostgres = {
  /** For any PostgreSQL client. Stays the same while we run. */
  readonly url: string
  /** Process id of the server; changes when it was revived. */
  readonly pid: number | undefined
  /** Settles when the server is gone for good: empty after `stop()`, with the error when it could not be revived. */
  readonly closed: Promise<EmbeddedPostgresError | undefined>
  /** Stops the server: what is committed stays, open transactions are rolled back. May be called again. */
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
      log('PostgreSQL ended unexpectedly: starting it again')
      return acquire(home, settings, log)
    })
  } catch (error) {
    throw await explain(error, dataDir)
  }
}

/** The URL of the server that another process holds, for clients beside it; `undefined` when none runs. */
export async function runningServerUrl(dataDir: string): Promise<string | undefined> {
  const home = await openHome(dataDir)
  const address = postmasterPid(home) === undefined ? undefined : addressOf(home)
  return address && urlOf(address)
}

/** A connection that holds the lock, to a server that is started if none runs. */
async function acquire(home: Home, settings: Settings, log: (message: string) => void): Promise<Client> {
  const begin = performance.now()
  let launched: Launched | undefined
  let patient = true
  for (;;) {
    const connection = await attempt(home)
    if (typeof connection === 'object' && (await lock(connection, home))) return connection

    if (launched?.said !== undefined) {
      getOutOfTheWay(home, launched.said)
      launched = undefined
    } else if (connection === 'nobody' && !launched && postmasterPid(home) === undefined) {
      const binaries = await findBinaries(home)
      await prepareCluster(home, binaries, { log, durable: settings.fsync !== 'off' })
      launched = await launch(home, binaries, settings)
    }

    const waited = performance.now() - begin
    if (waited > 60_000 && connection === 'nobody' && !launched) throw new Error(unresponsive(home))
    if (waited > 5_000 && patient) {
      log(`Still waiting for PostgreSQL, which may be recovering from a crash: see ${home.log}`)
      patient = false
    }
    await delay(10)
  }
}

/** After a failed start: returns when another attempt can succeed, otherwise throws what the server said. */
function getOutOfTheWay(home: Home, said: string): void {
  if (said.includes('pre-existing shared memory block')) endSurvivors(home)
  else if (/lock file ".*" already exists/.test(said)) removeStaleLocks(home)
  else throw new Error(said)
}

function unresponsive(home: Home): string {
  return `process ${readPidFile(home)?.[0]}, which ${home.cluster}/postmaster.pid names as the server, does not answer; if it is not PostgreSQL, remove that file`
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
  if (!address) throw new Error('the server ended as soon as it had started')
  return {
    url: urlOf(address),
    get pid() {
      return postmasterPid(home)
    },
    closed,
    stop: () => (stopping ??= stop()),
  }
}
