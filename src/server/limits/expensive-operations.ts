/**
 * Limits the concurrency of operations that read whole runs, to leave CPU for the others: in total and per caller.
 * Waiting operations are started round-robin over callers.
 */
import { LimitError } from '../../domain/errors.ts'
import { FairQueue } from '../../domain/limits/fair-queue.ts'

export const expensiveLimits = {
  /** Concurrent in this process. */
  all: 3,
  /** Concurrent per caller. */
  perCaller: 2,
  /** Queued per caller. */
  waitingPerCaller: 50,
  /** Maximum time in the queue, in milliseconds. */
  waitMs: 30_000,
}

export class ExpensiveOperations {
  readonly #running = new Map<string, number>()
  readonly #waiting = new FairQueue<() => void>()
  readonly #waitingOf = new Map<string, number>()
  #all = 0

  /**
   * Waits until an operation of the caller may run. @returns a function to call when it has finished
   * @throws {LimitError} too many operations of the caller are queued, or this one queued too long
   * @throws the reason of `gone` when that aborts
   */
  async enter(caller: string, gone: AbortSignal): Promise<() => void> {
    if (this.#mayRun(caller)) this.#start(caller)
    else await this.#turn(caller, gone)
    let over = false
    return () => {
      if (!over) this.#leave(caller)
      over = true
    }
  }

  async #turn(caller: string, gone: AbortSignal): Promise<void> {
    const { perCaller, waitingPerCaller, waitMs } = expensiveLimits
    const already = this.#waitingOf.get(caller) ?? 0
    if (already >= waitingPerCaller) {
      throw new LimitError(
        `Expected at most ${perCaller} comparisons or searches at once and ${waitingPerCaller} waiting, got one more. Try again in a moment.`,
      )
    }
    this.#waitingOf.set(caller, already + 1)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push(caller, resolve)
    const end = (reason: unknown) => {
      this.#waiting.remove(caller, resolve)
      reject(reason)
    }
    const onGone = () => end(gone.reason)
    const late = setTimeout(() => {
      end(
        new LimitError(`This waited ${waitMs / 1_000} s behind other comparisons and searches. Try again in a moment.`),
      )
    }, waitMs)
    gone.addEventListener('abort', onGone, { once: true })
    try {
      await promise
    } finally {
      clearTimeout(late)
      gone.removeEventListener('abort', onGone)
      const left = (this.#waitingOf.get(caller) ?? 1) - 1
      if (left > 0) this.#waitingOf.set(caller, left)
      else this.#waitingOf.delete(caller)
    }
  }

  #mayRun(caller: string): boolean {
    return this.#all < expensiveLimits.all && (this.#running.get(caller) ?? 0) < expensiveLimits.perCaller
  }

  #start(caller: string): void {
    this.#all += 1
    this.#running.set(caller, (this.#running.get(caller) ?? 0) + 1)
  }

  #leave(caller: string): void {
    this.#all -= 1
    const left = (this.#running.get(caller) ?? 1) - 1
    if (left > 0) this.#running.set(caller, left)
    else this.#running.delete(caller)
    const next = this.#waiting.shiftOf((waiting) => this.#mayRun(waiting))
    if (!next) return
    this.#start(next.group)
    next.value()
  }
}
