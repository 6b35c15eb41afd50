import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'
import { type Database, openReplicaDatabase, type Queryable } from './client.ts'
import { type RunsOfProject, stateOfFinishedRuns } from './sql/run/tag-finished-runs.ts'

interface ReplicaOptions {
  log: Logger
  /** Default: the system's. */
  clock?: Clock
}

/** How long it is left alone after it could not be reached, in milliseconds. */
const pauseMs = 5_000

/**
 * A read replica of the database, which may be behind. Only what is about finished runs is read from it, and only once it
 * has them exactly as the database has them at that moment: so everybody reads what they wrote.
 */
export class Replica {
  readonly db: Database
  readonly #log: Logger
  readonly #clock: Clock
  #pausedUntil = -Infinity

  constructor(url: string, { log, clock = systemClock }: ReplicaOptions) {
    this.#log = log
    this.#clock = clock
    this.db = openReplicaDatabase(url, (err) => log.warn({ err }, 'The replica interrupted a connection.'))
  }

  /** Whether all of these runs have finished, and it has them as `primary` has them. */
  async has(primary: Queryable, runs: RunsOfProject): Promise<boolean> {
    if (this.#clock.now() < this.#pausedUntil) return false
    const [there, here] = await Promise.all([
      stateOfFinishedRuns(primary, runs),
      stateOfFinishedRuns(this.db.pool, runs).catch((err: unknown) => {
        this.#pausedUntil = this.#clock.now() + pauseMs
        this.#log.warn({ err }, 'The replica does not answer; everything is read from the database itself.')
        return null
      }),
    ])
    return here !== null && here === there
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.db.close()
  }
}
