/** The revocation of a key. Listeners are in a set, because removing one of thousands from an AbortSignal is slow. */
export class Revocation {
  readonly #controller = new AbortController()
  readonly #listeners = new Set<() => void>()

  /** Aborts with the reason of the revocation. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Calls `end` once the key is revoked, at once if it already is. @returns a function that unsubscribes */
  onRevoked(end: (reason: Error) => void): () => void {
    const { signal } = this
    const call = () => end(signal.reason)
    if (signal.aborted) call()
    else this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  revoke(reason: Error): void {
    this.#controller.abort(reason)
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }
}
