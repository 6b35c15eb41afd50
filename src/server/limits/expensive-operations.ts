/**
 * Limits the concurrency of operations that read whole runs, to leave CPU for the others: in total and per caller.
 * Waiting operations are started round-robin over callers.
 */
import { LimitError } from '../../domain/errors.ts'
import { FairTurns } from '../../domain/limits/fair-turns.ts'

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
  readonly #turns = new FairTurns(expensiveLimits)
  readonly #waitingOf = new Map<string, number>()

  /**
   * Waits until an operation of the caller may run. @returns a function to call when it has finished
   * @throws {LimitError} too many operations of the caller are queued, or this one queued too long
   * @throws the reason of `gone` when that aborts
   */
  async enter(caller: string, gone: AbortSignal): Promise<() => void> {
    if (!this.#turns.enter(caller)) await this.#turn(caller, gone)
    let over = false
    return () => {
      if (!over) this.#turns.leave(caller)
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
    const { turn, giveUp } = this.#turns.wait(caller)
    const onGone = () => giveUp(gone.reason)
    const late = setTimeout(() => {
      giveUp(
        new LimitError(`This waited ${waitMs / 1_000} s behind other comparisons and searches. Try again in a moment.`),
      )
    }, waitMs)
    gone.addEventListener('abort', onGone, { once: true })
    try {
      await turn
    } finally {
      clearTimeout(late)
      gone.removeEventListener('abort', onGone)
      const left = (this.#waitingOf.get(caller) ?? 1) - 1
      if (left > 0) this.#waitingOf.set(caller, left)
      else this.#waitingOf.delete(caller)
    }
  }
}
