/**
 * Everything an Assay process consists of: its database, worker and server. Parts are stopped in reverse order, also
 * when a later part fails to start, so that nothing is left running and every part has what it needs while it stops.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { collectDefaultMetrics } from 'prom-client'
import { openDatabase } from '../db/client.ts'
import { Listener } from '../db/listener.ts'
import { migrate, migrationNames } from '../db/migrate.ts'
import { MigrationError } from '../db/migration-error.ts'
import { openQueue } from '../db/queue.ts'
import { RunChanges } from '../db/run-changes.ts'
import { SchemaLock } from '../db/schema-lock.ts'
import { measureQueue } from '../db/sql/run/measure-queue.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { EmbeddedPostgresError } from '../embedded-postgres/error.ts'
import { AttachmentPruning } from '../engine/attachments/attachment-pruning.ts'
import { EarlyStops } from '../engine/comparison/early-stops.ts'
import { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { Worker } from '../engine/execution/worker.ts'
import { openSecrets, SecretKeyError } from '../engine/secrets/open-secrets.ts'
import type { Services } from '../engine/services.ts'
import { ComparisonFeeds } from '../feed/comparison-feed.ts'
import { RunEventPruning } from '../feed/run-event-pruning.ts'
import { RunFeeds } from '../feed/run-feed.ts'
import { isLoopback, UnguardedAddressError } from '../server/auth.ts'
import { Readiness } from '../server/readiness.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server/start-server.ts'
import { startStatusServer } from '../server/start-status-server.ts'
import { openHttpClient } from '../tasks/http-client.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { openTracing } from '../telemetry/open-tracing.ts'
import { CliError } from './cli-error.ts'
import { ConfigError, loadConfig } from './load-config.ts'
import { openPostgres, type PostgresOptions } from './open-postgres.ts'

export interface ProcessOptions extends PostgresOptions {
  /** Path of the config file; null: `assay.config.ts` in the current directory, if there is one. */
  config: string | null
  /** Maximum concurrent calls; null: this process executes nothing. */
  slots: number | null
  /**
   * Whether tasks may call non-public addresses. Default: only if the server listens on loopback, where only local
   * users can choose the address.
   */
  allowPrivateEndpoints?: boolean
  /** Maximum items of one run; default 2,000,000. */
  maxRunItems?: number
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
  readonly modules: Modules
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
  try {
    const { modules } = await loadConfig(options.config)
    const postgres = await openPostgres(options)
    stops.push(postgres.stop)
    const { applied } = await migrate(postgres.url, { onWait: (message) => log.info(message) })
    if (applied.length > 0) log.info({ migrations: applied.length }, 'Applied database migrations.')

    const warn = (err: Error) => log.warn({ err }, 'The database interrupted a connection.')
    const db = openDatabase(postgres.url, { onError: (err) => !stopping && warn(err) })
    stops.push(() => db.close())
    const schema = new SchemaLock(await migrationNames())
    const listener = await new Listener(postgres.url, (client) => schema.share(client)).start()
    stops.push(() => listener.close())
    schema.watch(listener)
    const boss = await openQueue(db, (err) => !stopping && warn(err))
    stops.push(() => boss.stop({ graceful: false, close: false }))

    const tracing = await openTracing(process.env, log)
    stops.push(() => tracing.stop())
    const metrics = new Metrics()
    collectDefaultMetrics({ register: metrics.registry })
    metrics.watchQueue(() => measureQueue(db.pool))
    metrics.watchPool(db.pool)

    // Behind a proxy, a server on loopback is not limited to local users.
    const localOnly = options.http !== null && isLoopback(options.http.host) && !options.http.publicUrl
    const http = openHttpClient({ allowPrivate: options.allowPrivateEndpoints || localOnly })
    stops.push(() => http.close())

    const { env } = process
    const ownFile = options.databaseUrl === null ? join(options.dataDir, 'secret-key') : null
    const secrets = await openSecrets({ db: db.pool, env, ownFile, log })
    const { maxRunItems } = options
    const services: Services = { db, boss, modules, http, secrets, env, log, metrics, tracing, maxRunItems }
    const changes = new RunChanges(listener)
    stops.push(() => changes.stop())
    const sequences = new ComparisonSequences(db)
    const worker = options.slots === null ? null : new Worker(services, listener, { slots: options.slots }).start()
    if (worker) {
      stops.push(() => worker.stop())
      metrics.watchWorker(worker)
      const earlyStops = new EarlyStops(services, changes, sequences)
      stops.push(() => earlyStops.stop())
    }
    const readiness = new Readiness({
      db,
      log,
      listener,
      worker,
      dataDir: options.databaseUrl === null ? options.dataDir : null,
    })
    let server: RunningServer | null = null
    if (options.http) {
      const feeds = new RunFeeds(db, changes, (seconds) => metrics.feedLagSeconds.observe(seconds))
      const comparisons = new ComparisonFeeds(db, changes, sequences)
      metrics.watchFeeds(feeds, comparisons)
      const pruning = new RunEventPruning({ db, log })
      stops.push(() => pruning.stop())
      const attachmentPruning = new AttachmentPruning({ db, log })
      stops.push(() => attachmentPruning.stop())
      server = await listen(options.http, '-', (address) =>
        startServer({ services, feeds, comparisons, listener, readiness, ...address }),
      )
    } else if (options.status) {
      server = await listen(options.status, '--metrics', (address) =>
        startStatusServer({ services, readiness, listener, ...address }),
      )
    }
    if (server) stops.push(() => server.stop())
    const failed = Promise.race([postgres.failed, schema.outdated])
    return { url: server?.url ?? null, database: postgres.name, modules, failed, stop }
  } catch (error) {
    await stop()
    const known = [ConfigError, EmbeddedPostgresError, MigrationError, SecretKeyError, UnguardedAddressError].some(
      (type) => error instanceof type,
    )
    throw known ? new CliError((error as Error).message, { cause: error }) : error
  }
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
