import { Listeners } from '../domain/listeners.ts'

/** The revocation of a key. */
export class Revocation {
  readonly #controller = new AbortController()
  readonly #listeners = new Listeners()

  /** Aborts with the reason of the revocation. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Calls `end` once the key is revoked, at once if it already is. @returns a function that unsubscribes */
  onRevoked(end: (reason: Error) => void): () => void {
    const { signal } = this
    if (!signal.aborted) return this.#listeners.add(() => end(signal.reason))
    end(signal.reason)
    return () => {}
  }

  revoke(reason: Error): void {
    this.#controller.abort(reason)
    this.#listeners.call()
  }
}
