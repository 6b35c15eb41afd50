/**
 * Whose operation begins next. To parse, check and answer one keeps the event loop busy, so the operations that have arrived begin
 * one caller after the other, for a few milliseconds at a time: who sends one waits for the one that is being worked on, not
 * for everything that another caller sent before.
 */
import { FairQueue } from '../../domain/limits/fair-queue.ts'

/** Milliseconds for which operations begin before the event loop gets to hear of others. */
const sliceMs = 2

export class OperationTurns {
  readonly #waiting = new FairQueue<() => void>()
  #scheduled = false

  /** Resolves when an operation of the caller may begin. */
  next(caller: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(caller, resolve)
    this.#schedule()
    return promise
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => void this.#slice())
  }

  async #slice(): Promise<void> {
    const endsAt = performance.now() + sliceMs
    while (performance.now() < endsAt) {
      const begin = this.#waiting.shift()
      if (!begin) break
      begin()
      // What begins runs in the jobs that are queued before this goes on.
      for (let jobs = 0; jobs < 8; jobs++) await null
    }
    this.#scheduled = false
    if (this.#waiting.size > 0) this.#schedule()
  }
}
