import { type Clock, systemClock } from '../domain/clock.ts'
import { Listeners } from '../domain/listeners.ts'

/**
 * Throttles wake-ups: `next` resolves at most every `paceMs`, so that a busy source causes a bounded number of reads.
 */
export class WakeUp {
  readonly #paceMs: number
  readonly #clock: Clock
  #next = Promise.withResolvers<void>()
  #timer: { due: number; cancel: () => void } | null = null

  constructor(paceMs: number, clock: Clock = systemClock) {
    this.#paceMs = paceMs
    this.#clock = clock
  }

  /** Resolves when there may be changes. Call it before reading, so that no change is missed. */
  next(): Promise<void> {
    return this.#next.promise
  }

  /** Resolves `next` after the delay, or earlier if an earlier wake-up is pending. */
  wake(delayMs = this.#paceMs): void {
    const due = this.#clock.now() + delayMs
    if (this.#timer) {
      if (this.#timer.due <= due) return
      this.#timer.cancel()
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#timer = null
      const { resolve } = this.#next
      this.#next = Promise.withResolvers()
      resolve()
    })
    this.#timer = { due, cancel }
  }

  /** Drops a pending wake-up, when nobody waits any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}

/** For waiting in rounds while a signal has not aborted. Call `dispose` to remove its listener. */
export function watchAbort(signal: AbortSignal) {
  const waiting = new Listeners()
  const onAbort = () => waiting.call()
  if (!signal.aborted) signal.addEventListener('abort', onAbort, { once: true })
  return {
    get aborted() {
      return signal.aborted
    },
    /**
     * Resolves when `other` settles or the signal aborts. A race with a promise of the abort would add a reaction to it
     * in every round, and with it keep what the round read until the signal aborts.
     */
    async until(other: Promise<unknown>): Promise<void> {
      if (signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const off = waiting.add(resolve)
      other.then(
        () => resolve(),
        () => resolve(),
      )
      await promise
      off()
    },
    dispose: () => signal.removeEventListener('abort', onAbort),
  }
}
