import { hash } from 'node:crypto'
import type { Caller, Credentials } from './caller.ts'
import type { ChangeWatch, Moment } from './change-watch.ts'

/** Callers that are remembered. */
const maxCallers = 10_000

interface KeptCaller {
  since: Moment
  caller: Promise<Caller>
}

/** The callers that were found last, by their credentials, which are kept as hashes. */
export class KeptCallers {
  readonly #changes: ChangeWatch
  readonly #kept = new Map<string, KeptCaller>()

  constructor(changes: ChangeWatch) {
    this.#changes = changes
  }

  /** Who has these credentials, found only if that may have changed since it was found last. Rejects as `find` does. */
  async get(credentials: Credentials, find: () => Promise<Caller>): Promise<Caller> {
    const { authorization, session, project } = credentials
    const id = hash('sha256', JSON.stringify([authorization, session, project]), 'base64')
    const kept = this.#kept.get(id)
    if (kept && this.#counts(kept)) {
      const caller = await kept.caller
      if (this.#counts(kept) && !caller.revocation.signal.aborted) return caller
    }
    const found = { since: this.#changes.moment(), caller: find() }
    this.#keep(id, found)
    try {
      return await found.caller
    } catch (error) {
      if (this.#kept.get(id) === found) this.#kept.delete(id)
      throw error
    }
  }

  #counts({ since }: KeptCaller): boolean {
    return this.#changes.isUnchanged(since, [])
  }

  #keep(id: string, found: KeptCaller): void {
    this.#kept.delete(id)
    this.#kept.set(id, found)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > maxCallers && oldest !== undefined) this.#kept.delete(oldest)
  }
}
