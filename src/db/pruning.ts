import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'

interface PruningOptions {
  log: Logger
  /** What is deleted, for the log: "old events". */
  what: string
  /** Deletes some; returns whether there may be more. */
  prune: () => Promise<boolean>
  /** Default: the system's. */
  clock?: Clock
}

const everyMs = 60 * 60_000
/** Between two statements while there are more, and before the first one. */
const pauseMs = 1_000

/** Deletes in the background, hourly, what nobody needs any more. */
export class Pruning {
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
    const { prune, log, what } = this.#options
    const more = await prune().catch((err: unknown) => {
      log.warn({ err }, `could not delete ${what}`)
      return false
    })
    if (!this.#stopped) this.#cancel = this.#after(more ? pauseMs : everyMs)
  }
}
