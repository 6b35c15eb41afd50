/** A number of places, given out in the order in which they were asked for. */
export class Places {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(number: number) {
    this.#free = number
  }

  /** Resolves when the caller has a place, until `release`. Rejects with the signal's reason when it aborts before. */
  acquire(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (this.#free > 0) {
        this.#free -= 1
        return resolve()
      }
      const onAbort = () => {
        this.#waiting.delete(take)
        reject(signal.reason)
      }
      const take = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(take)
    })
  }

  release(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
