/** What a caller has open, and ends with the key. A set, because a signal with thousands of listeners is slow to leave. */
export class Revocation {
  readonly #controller = new AbortController()
  readonly #ends = new Set<() => void>()

  /** Aborts with the reason of the revocation. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Calls `end` once the key is revoked, also when it is already; returns the unsubscribe. */
  onRevoked(end: (reason: Error) => void): () => void {
    const { signal } = this
    const call = () => end(signal.reason)
    if (signal.aborted) call()
    else this.#ends.add(call)
    return () => this.#ends.delete(call)
  }

  revoke(reason: Error): void {
    this.#controller.abort(reason)
    const ends = [...this.#ends]
    this.#ends.clear()
    for (const end of ends) end()
  }
}
