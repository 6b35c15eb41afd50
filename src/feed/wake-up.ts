/**
 * Throttles wake-ups: `next` resolves at most every `paceMs`, so that a busy source causes a bounded number of reads.
 */
export class WakeUp {
  readonly #paceMs: number
  #next = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | null = null
  #due = 0

  constructor(paceMs: number) {
    this.#paceMs = paceMs
  }

  /** Resolves when there may be changes. Call it before reading, so that no change is missed. */
  next(): Promise<void> {
    return this.#next.promise
  }

  /** Resolves `next` after the delay, or earlier if an earlier wake-up is pending. */
  wake(delayMs = this.#paceMs): void {
    const due = performance.now() + delayMs
    if (this.#timer) {
      if (this.#due <= due) return
      clearTimeout(this.#timer)
    }
    this.#due = due
    this.#timer = setTimeout(() => {
      this.#timer = null
      const { resolve } = this.#next
      this.#next = Promise.withResolvers()
      resolve()
    }, delayMs)
  }
}

/** Resolves when the signal aborts. Call `dispose` to remove its listener. */
export function abortedPromise(signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onAbort = () => resolve()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', onAbort, { once: true })
  return {
    promise,
    get aborted() {
      return signal.aborted
    },
    dispose: () => signal.removeEventListener('abort', onAbort),
  }
}
