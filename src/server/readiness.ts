/**
 * Readiness: checks everything that a process depends on. The report names the failing parts; the causes are only in
 * the log.
 */
import { statfs } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import type { Listener } from '../db/listener.ts'
import { missingMigrations } from '../db/migrate.ts'
import { ping } from '../db/sql/ping.ts'
import { messageOf } from '../domain/errors.ts'
import { withDeadline } from '../domain/execution/deadline.ts'
import type { Worker } from '../engine/execution/worker.ts'

export interface ReadinessReport {
  status: 'ready' | 'unavailable'
  checks: Record<string, { ok: true } | { ok: false; problem: string }>
}

interface Check {
  /** Reported to clients when the check fails. */
  problem: string
  /** Rejects on failure. */
  run(signal: AbortSignal): Promise<unknown>
}

interface ReadinessOptions {
  db: Database
  log: Logger
  /** Null or undefined: this process has none. */
  listener?: Listener | null
  worker?: Pick<Worker, 'fetchedAt'> | null
  /** Data directory of the embedded PostgreSQL; null: an external server. */
  dataDir?: string | null
  /** Free bytes in the data directory; default: as reported by the file system. */
  freeBytes?: (directory: string) => Promise<number>
}

/** A failure with a more specific problem than that of its check. */
class Problem extends Error {
  readonly problem: string

  constructor(problem: string, message: string) {
    super(message)
    this.problem = problem
  }
}

/** PostgreSQL shuts down when it cannot write WAL: there must be room for a few segments of 16 MB. */
const minFreeBytes = 128 * 1024 * 1024

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

const timeoutMs = 2_000
/** A worker polls for lanes every 2 s. */
const fetchedWithinMs = 10_000

export class Readiness {
  readonly #checks: Record<string, Check>
  readonly #log: Logger
  #pending: Promise<ReadinessReport> | null = null
  #failing = ''

  constructor({ db, log, listener, worker, dataDir, freeBytes = freeBytesOf }: ReadinessOptions) {
    this.#log = log
    this.#checks = {
      database: {
        problem: 'The database does not answer.',
        run: () => ping(db.pool),
      },
      migrations: {
        problem: 'The database cannot be asked for its schema.',
        run: async () => {
          const missing = await missingMigrations(db.pool)
          if (missing.length > 0) {
            throw new Problem(
              'The database is not at the schema of this version.',
              `expected these migrations to be applied: ${missing.join(', ')}`,
            )
          }
        },
      },
      ...(dataDir && {
        disk: {
          problem: `Less than ${minFreeBytes / 1024 / 1024} MB are free where the database has its data.`,
          run: async () => {
            const free = await freeBytes(dataDir)
            if (free < minFreeBytes) throw new Error(`${free} bytes are free in ${dataDir}`)
          },
        },
      }),
      ...(listener && {
        listener: {
          problem: 'Notifications from other processes do not arrive.',
          run: (signal) => listener.checkRoundTrip(db.pool, signal),
        },
      }),
      ...(worker && {
        worker: {
          problem: `No lanes were fetched for ${fetchedWithinMs / 1_000} s.`,
          run: async () => {
            const ms = performance.now() - worker.fetchedAt
            if (ms > fetchedWithinMs) throw new Error(`fetched lanes ${Math.round(ms / 1_000)} s ago`)
          },
        },
      }),
    }
  }

  /** Takes two seconds at most. Concurrent calls share one report. */
  report(): Promise<ReadinessReport> {
    this.#pending ??= this.#check().finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  async #check(): Promise<ReadinessReport> {
    const errors: Record<string, unknown> = {}
    const results = Object.entries(this.#checks).map(async ([name, { problem, run }]) => {
      try {
        await withDeadline(run, { timeoutMs, signal: new AbortController().signal })
        return [name, { ok: true }] as const
      } catch (error) {
        errors[name] = messageOf(error)
        return [name, { ok: false, problem: error instanceof Problem ? error.problem : problem }] as const
      }
    })
    const checks = Object.fromEntries(await Promise.all(results))
    const failing = Object.keys(errors).sort().join(', ')
    if (failing !== this.#failing && failing) this.#log.warn({ errors }, `not ready: ${failing}`)
    if (failing !== this.#failing && !failing) this.#log.info('ready again')
    this.#failing = failing
    return { status: failing ? 'unavailable' : 'ready', checks }
  }
}
