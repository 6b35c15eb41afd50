import type { Queryable } from '../db/client.ts'
import { findRunOrigin, type RunOrigin } from '../db/sql/run/find-run-origin.ts'

const maxKnown = 10_000

/** Of which project and dataset runs are, which never changes; read once for each. */
export class RunOrigins {
  readonly #db: Queryable
  /** Oldest first. */
  readonly #known = new Map<string, RunOrigin>()

  constructor(db: Queryable) {
    this.#db = db
  }

  /** Null for a run that there is no longer, or while it cannot be read. */
  async of(runId: string): Promise<RunOrigin | null> {
    const known = this.#known.get(runId)
    if (known) return known
    const found = await findRunOrigin(this.#db, runId).catch(() => null)
    if (!found) return null
    const [oldest] = this.#known.keys()
    if (oldest !== undefined && this.#known.size >= maxKnown) this.#known.delete(oldest)
    this.#known.set(runId, found)
    return found
  }
}
