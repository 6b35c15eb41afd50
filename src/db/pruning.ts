import type { Logger } from 'pino'
import { type Clock, systemClock } from '../domain/clock.ts'

interface PruningOptions {
  log: Logger
  /** What is deleted, for the log: "old events". */
  what: string
  /** What is done with it, for the log; default: delete. */
  verb?: string
  /** Deletes some; returns whether there may be more. */
  prune: () => Promise<boolean>
  /** How often it looks whether there are any, in milliseconds; default: every hour. */
  everyMs?: number
  /** Default: the system's. */
  clock?: Clock
}

const hourMs = 60 * 60_000
/** Between two statements while there are more, and before the first one. */
const pauseMs = 1_000

/** Work in the background, a little at a time: by default it deletes what nobody needs any more. */
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
    const { prune, log, what, verb = 'delete', everyMs = hourMs } = this.#options
    const more = await prune().catch((err: unknown) => {
      log.warn({ err }, `could not ${verb} ${what}`)
      return false
    })
    if (!this.#stopped) this.#cancel = this.#after(more ? pauseMs : everyMs)
  }
}
