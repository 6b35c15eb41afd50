/**
 * Operations that look at whole runs take turns, so that the processor is left for the others: few at once, fewer of one
 * caller, callers one after the other.
 */
import { LimitError } from '../../domain/errors.ts'
import { FairQueue } from '../../domain/limits/fair-queue.ts'

export const expensiveLimits = {
  /** At once in this process. */
  all: 3,
  /** At once of one caller. */
  perCaller: 2,
  /** Waiting of one caller. */
  waitingPerCaller: 50,
  /** Milliseconds that one may wait. */
  waitMs: 30_000,
}

export class ExpensiveOperations {
  readonly #running = new Map<string, number>()
  readonly #waiting = new FairQueue<() => void>()
  readonly #waitingOf = new Map<string, number>()
  #all = 0

  /**
   * Resolves when it is the caller's turn, with what to call when the operation is over.
   * @throws {LimitError} when too many of this caller wait, or it waited too long; the signal's reason when that aborts
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
