/** Passed in, so that tests control the time. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; monotonic. */
  now(): number
  /** Calls `callback` once, after `ms` milliseconds. @returns a function that cancels it; idempotent */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    if (ms <= 0) {
      // A timer takes a millisecond at least.
      const turn = setImmediate(callback)
      return () => clearImmediate(turn)
    }
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
