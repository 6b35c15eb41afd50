/**
 * Starts operations round-robin over callers. Parsing, validating and responding block the event loop, so operations
 * are started in slices of a few milliseconds: a caller's operation waits for the current one, not for another caller's
 * backlog.
 */
import { FairQueue } from '../../domain/limits/fair-queue.ts'

/** Milliseconds for which operations are started before yielding to the event loop. */
const sliceMs = 2

export class OperationTurns {
  readonly #waiting = new FairQueue<() => void>()
  #scheduled = false

  /** Resolves when an operation of the caller may start: the first in a turn of the event loop at once. */
  async next(caller: string): Promise<void> {
    if (!this.#scheduled) return this.#schedule()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(caller, resolve)
    return promise
  }

  #schedule(): void {
    this.#scheduled = true
    setImmediate(() => void this.#slice())
  }

  async #slice(): Promise<void> {
    const endsAt = performance.now() + sliceMs
    while (performance.now() < endsAt) {
      const begin = this.#waiting.shift()
      if (!begin) break
      begin()
      // Let the microtasks of the started operation run first.
      for (let jobs = 0; jobs < 8; jobs++) await null
    }
    this.#scheduled = false
    if (this.#waiting.size > 0) this.#schedule()
  }
}
