import { hash } from 'node:crypto'
import { keepLast } from '../domain/limits/keep-last.ts'
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
    const kept = this.#kept.get(idOf(credentials))
    if (kept && this.#counts(kept)) {
      // If it fails, that may be because of whoever began it.
      const caller = await kept.caller.catch(() => null)
      if (caller && this.#counts(kept) && !caller.revocation.signal.aborted) return caller
    }
    return this.find(credentials, find)
  }

  /** Who has these credentials, found now. Rejects as `find` does. */
  async find(credentials: Credentials, find: () => Promise<Caller>): Promise<Caller> {
    const id = idOf(credentials)
    const found = { since: this.#changes.moment(), caller: find() }
    keepLast(this.#kept, id, found, maxCallers)
    try {
      return await found.caller
    } catch (error) {
      if (this.#kept.get(id) === found) this.#kept.delete(id)
      throw error
    }
  }

  /** Nobody counts any more, whatever is known of changes. */
  forget(): void {
    this.#kept.clear()
  }

  #counts({ since }: KeptCaller): boolean {
    return this.#changes.isUnchanged(since, [])
  }
}

function idOf({ authorization, session, project }: Credentials): string {
  return hash('sha256', JSON.stringify([authorization, session, project]), 'base64')
}
