/** Time as an argument, so that a test decides when it passes. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. Never goes back; may have moved on at the next read. */
  now(): number
  /** Calls `then` once, `ms` milliseconds from now. @returns cancels it, if it has not been called yet */
  after(ms: number, then: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}
