import type { Database } from '../db/client.ts'
import { loadFeedEpoch } from '../db/sql/run/feed-epoch.ts'

/** A cursor of an epoch that has just ended is refused; its client then starts over, so a stale value does no harm. */
const keepMs = 1_000

/** The epoch of the database for cursors outside subscriptions, read at most once a second. */
export class Epochs {
  readonly #db: Database
  #known: { at: number; epoch: Promise<string> } | null = null

  constructor(db: Database) {
    this.#db = db
  }

  current(): Promise<string> {
    if (this.#known && performance.now() - this.#known.at < keepMs) return this.#known.epoch
    const epoch = loadFeedEpoch(this.#db.pool)
    this.#known = { at: performance.now(), epoch }
    epoch.catch(() => {
      this.#known = null
    })
    return epoch
  }
}
