import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import { deleteOldEvents } from '../db/sql/run/run-events.ts'
import { type Clock, systemClock } from '../domain/clock.ts'

interface PruningOptions {
  db: Database
  log: Logger
  /** Default: the system's. */
  clock?: Clock
}

/** Events per statement. */
const batchSize = 1_000
const everyMs = 60 * 60_000
/** Between two statements while there are more, and before the first one. */
const pauseMs = 1_000

/** Deletes old events of the lists of runs in the background. Safe to run in several processes at once. */
export class RunEventPruning {
  readonly #options: PruningOptions
  readonly #clock: Clock
  #cancel: () => void
  #running = Promise.resolve()
  #stopped = false

  constructor(options: PruningOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#cancel = this.#after(pauseMs)
  }

  /** Waits for a running statement. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#running
  }

  #after(ms: number): () => void {
    return this.#clock.after(ms, () => {
      this.#running = this.#prune()
    })
  }

  async #prune(): Promise<void> {
    const { db, log } = this.#options
    const deleted = await deleteOldEvents(db.pool, batchSize).catch((err: unknown) => {
      log.warn({ err }, 'feed: could not delete old events')
      return 0
    })
    if (!this.#stopped) this.#cancel = this.#after(deleted === batchSize ? pauseMs : everyMs)
  }
}
