/**
 * Everything an Assay process consists of: its database, and a server or a worker. A server has its worker in a process
 * beside it, and a worker its functions. Parts are stopped in reverse order, also when a later part fails to start, so that
 * nothing is left running and every part has what it needs while it stops.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { collectDefaultMetrics } from 'prom-client'
import { openDatabase } from '../db/client.ts'
import { Listener } from '../db/listener.ts'
import { migrate, migrationNames } from '../db/migrate.ts'
import { MigrationError } from '../db/migration-error.ts'
import { openQueue } from '../db/queue.ts'
import { Replica } from '../db/replica.ts'
import { RunChanges } from '../db/run-changes.ts'
import { SchemaLock } from '../db/schema-lock.ts'
import { measureQueue } from '../db/sql/run/measure-queue.ts'
import { type Functions, type RegisteredFunction, withoutFunctions } from '../domain/execution/functions.ts'
import { EmbeddedPostgresError } from '../embedded-postgres/error.ts'
import type { Worker } from '../engine/execution/worker.ts'
import { openSecrets, SecretKeyError } from '../engine/secrets/open-secrets.ts'
import type { Services } from '../engine/services.ts'
import { ConfigError, findConfig } from '../function-hosts/load-config.ts'
import { isLoopback, UnguardedAddressError } from '../server/auth.ts'
import { allocateYoung, boundMemory } from '../server/garbage-collection.ts'
import { Readiness } from '../server/readiness.ts'
import type { RunningServer, ServerOptions } from '../server/start-server.ts'
import { openHttpClient } from '../tasks/http-client.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { openTracing } from '../telemetry/open-tracing.ts'
import { CliError } from './cli-error.ts'
import { createFirstKey } from './keys-of-database.ts'
import { openPostgres, type PostgresOptions } from './open-postgres.ts'
import type { Part } from './process-parts.ts'
import { WorkerProcess } from './worker-process.ts'

export interface ProcessOptions extends PostgresOptions {
  /** Path of the config file; null: `assay.config.ts` in the current directory, if there is one. */
  config: string | null
  /** Maximum concurrent calls, of a server in its worker process; null: a server without a worker. */
  slots: number | null
  /** Memory of a process for functions in MB; default 1,024. */
  functionMemoryMb?: number
  /** Whether a new embedded database gets a key of the installation, so that it can be served to others. */
  firstKey?: boolean
  /** The file of the key of stored secrets; default: with an embedded PostgreSQL one in its data directory. */
  secretKeyFile?: string | null
  /**
   * Whether tasks may call non-public addresses. Default: only if the server listens on loopback, where only local
   * users can choose the address.
   */
  allowPrivateEndpoints?: boolean
  /** Maximum items of one run; default 2,000,000. */
  maxRunItems?: number
  /** A pooler in transaction mode before `databaseUrl`, for statements that may be on any connection; default: none. */
  pooledDatabaseUrl?: string | null
  /** A read replica of `databaseUrl`; default: none. */
  replicaDatabaseUrl?: string | null
  /** Where to serve; null: nowhere. */
  http: (Address & Pick<ServerOptions, 'publicUrl' | 'allowedOrigins' | 'traceUrlTemplate' | 'open'>) | null
  /** Where a process that does not serve exposes health checks and metrics; default: nowhere. */
  status?: Address | null
}

interface Address {
  host: string
  /** 0 for any free port. */
  port: number
}

export interface AssayProcess {
  /** Its URL without a trailing slash; null when it does not listen. */
  readonly url: string | null
  /** Its database, as text for users. */
  readonly database: string
  /** The functions of its worker, or of the one beside it; none without a worker. */
  readonly functions: RegisteredFunction[]
  /** Why the functions of the config cannot be called; null while they can. */
  readonly problem: string | null
  /** The key of the administrator, if it was made now; nobody can read it again. */
  readonly firstKey: string | null
  /** Its worker; null in a server. */
  readonly worker: Worker | null
  readonly metrics: Metrics
  /** Settles only when the process can no longer work and should be stopped. */
  readonly failed: Promise<Error>
  /** Refuses new work, lets calls in flight end within the worker's timeout, then closes everything. Idempotent. */
  stop(): Promise<void>
}

/** @throws {CliError} when a part cannot start for a reason that users can fix; the parts before it are stopped. */
export async function startProcess(options: ProcessOptions): Promise<AssayProcess> {
  const { log } = options
  const stops: (() => unknown)[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= stopAll(stops, log)
    return stopping
  }
  allocateYoung()
  try {
    const config = findConfig(options.config)
    const beside = options.http && options.slots !== null ? new WorkerProcess(log) : null
    if (beside) stops.push(() => beside.stop())
    const opening = openPostgres(options)
    opening.catch(() => {})
    if (options.http) {
      boundMemory()
      // While the database starts.
      await import('./server-part.ts')
    }
    const postgres = await opening
    // Its connections end before the database does.
    stops.splice(0, 0, postgres.stop)
    const { applied } = await migrate(postgres.url, { onWait: (message) => log.info(message) })
    if (applied.length > 0) log.info({ migrations: applied.length }, 'Applied database migrations.')

    // Behind a proxy, a server on loopback is not limited to local users.
    const localOnly = options.http !== null && isLoopback(options.http.host) && !options.http.publicUrl
    const allowPrivateEndpoints = options.allowPrivateEndpoints || localOnly
    const { slots, functionMemoryMb } = options
    const warn = (err: Error) => log.warn({ err }, 'The database interrupted a connection.')
    const db = openDatabase(postgres.url, {
      pooledUrl: options.pooledDatabaseUrl,
      onError: (err) => !stopping && warn(err),
    })
    stops.push(() => db.close())
    const replica = options.replicaDatabaseUrl ? new Replica(options.replicaDatabaseUrl, { log }) : null
    if (replica) stops.push(() => replica.close())
    const { env } = process
    const ownFile = options.databaseUrl === null ? join(options.dataDir, 'secret-key') : null
    const secretKeyFile = options.secretKeyFile ?? ownFile
    const secrets = await openSecrets({ db: db.pool, env, ownFile: secretKeyFile, log })
    const { pooledDatabaseUrl } = options
    const settings = {
      ...{ config, slots: slots ?? 0, allowPrivateEndpoints, functionMemoryMb, secretKeyFile, pooledDatabaseUrl },
    }
    const besideReady = beside?.start({ ...settings, databaseUrl: postgres.url })
    const schema = new SchemaLock(await migrationNames())
    const listener = await new Listener(postgres.url, (client) => schema.share(client)).start()
    stops.push(() => listener.close())
    schema.watch(listener)
    // Servers only add lanes: ten of them would ask the database fifty times a second for nothing.
    const boss = await openQueue(db, (err) => !stopping && warn(err), { supervises: options.http === null })
    stops.push(() => boss.stop({ graceful: false, close: false }))

    const tracing = await openTracing(process.env, log)
    stops.push(() => tracing.stop())
    const metrics = new Metrics()
    collectDefaultMetrics({ register: metrics.registry })
    if (options.http || options.status) metrics.watchQueue(() => measureQueue(db.pool))
    metrics.watchPool(db.pool)

    const http = openHttpClient({ allowPrivate: allowPrivateEndpoints })
    stops.push(() => http.close())

    const { maxRunItems } = options
    const functions = withoutFunctions
    const services: Services = { db, replica, boss, functions, http, secrets, env, log, metrics, tracing, maxRunItems }
    const changes = new RunChanges(listener, db.pool)
    stops.push(() => changes.stop())
    const part: Part = { services, listener, changes, stops }
    // A server does not load the code of a worker, nor a worker that of a server.
    const inside =
      options.http === null && slots !== null
        ? await (await import('./worker-part.ts')).startWorker(part, { ...settings, slots })
        : null
    const isNew = options.databaseUrl === null && applied.length === (await migrationNames()).length
    const firstKey = options.firstKey && isNew ? await createFirstKey(db) : null
    const dataDir = options.databaseUrl === null ? options.dataDir : null
    const readiness = new Readiness({ db, log, listener, worker: inside?.worker ?? beside, dataDir })
    if (beside) metrics.watchProcess('worker', () => beside.metrics())
    const server = await startListening(options, part, readiness)
    if (server) stops.push(() => server.stop())
    const known = (await besideReady) ?? describeFunctions(inside?.hosts ?? withoutFunctions)
    return {
      url: server?.url ?? null,
      database: postgres.name,
      ...known,
      firstKey,
      worker: inside?.worker ?? null,
      metrics,
      failed: Promise.race([postgres.failed, schema.outdated]),
      stop,
    }
  } catch (error) {
    await stop()
    const known = [ConfigError, EmbeddedPostgresError, MigrationError, SecretKeyError, UnguardedAddressError].some(
      (type) => error instanceof type,
    )
    throw known ? new CliError((error as Error).message, { cause: error }) : error
  }
}

async function startListening(
  { http, status }: ProcessOptions,
  part: Part,
  readiness: Readiness,
): Promise<RunningServer | null> {
  if (http) {
    const { startServing } = await import('./server-part.ts')
    return listen(http, '-', (address) => startServing(part, readiness, address))
  }
  if (!status) return null
  const { startStatusServer } = await import('../server/start-status-server.ts')
  const { services, listener } = part
  return listen(status, '--metrics', (address) => startStatusServer({ services, readiness, listener, ...address }))
}

function describeFunctions({ registered, problem }: Functions): Pick<AssayProcess, 'functions' | 'problem'> {
  return { functions: [...registered.tasks.values(), ...registered.evaluators.values()], problem }
}

/** A part that fails to stop must not keep the others running. */
async function stopAll(stops: (() => unknown)[], log: Logger): Promise<void> {
  for (const stop of stops.reverse()) {
    try {
      await stop()
    } catch (err) {
      log.error({ err }, 'A part of this process did not stop cleanly.')
    }
  }
}

/** @param option prefix of the address options */
async function listen<Listening extends Address>(
  address: Listening,
  option: '-' | '--metrics',
  start: (address: Listening) => Promise<RunningServer>,
): Promise<RunningServer> {
  try {
    return await start(address)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const place = `Port ${address.port} of ${address.host}`
    if (code === 'EADDRINUSE') {
      throw new CliError(`${place} is already in use: stop what uses it, or choose another with ${option}-port.`)
    }
    if (code === 'EACCES')
      throw new CliError(`${place} may not be used by this user: choose one above 1023 with ${option}-port.`)
    if (code === 'EADDRNOTAVAIL') {
      throw new CliError(`${address.host} is not an address of this machine: choose another with ${option}-host.`)
    }
    throw error
  }
}
