import type { Clock } from '../../src/domain/clock.ts'

interface Timer {
  at: number
  then: () => void
}

/**
 * A clock that moves with every read, so that nothing that reads it twice sees the same time. Timers go off when the
 * test lets time pass.
 */
export class FakeClock implements Clock {
  #ms = 0
  readonly #step: () => number
  readonly #timers = new Set<Timer>()

  /** @param step how far it moves with each read, in milliseconds */
  constructor(step: () => number = () => 1) {
    this.#step = step
  }

  now(): number {
    this.#ms += this.#step()
    return this.#ms
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#ms + ms, then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** In how many milliseconds each timer is due, soonest first. */
  get timers(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#ms).sort((a, b) => a - b)
  }

  /** Lets whatever is ready happen, without any time passing. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** Goes to the next timer and lets it go off, with all that follows at once. @throws when there is none */
  async next(): Promise<void> {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at)
    if (!first) throw new Error('Nothing is waiting for the time.')
    this.#timers.delete(first)
    this.#ms = Math.max(this.#ms, first.at)
    first.then()
    await this.settle()
  }

  /** Lets time pass, timer by timer, until the promise settles. @throws when nothing is waiting for the time any more */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    for (await this.settle(); !settled; ) await this.next()
    return promise
  }
}
