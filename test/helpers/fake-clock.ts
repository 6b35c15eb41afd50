import type { Clock } from '../../src/domain/clock.ts'

interface Timer {
  at: number
  then: () => void
}

/**
 * A clock that advances with every read, so that no two reads are equal. Timers fire when the test advances time.
 */
export class FakeClock implements Clock {
  #ms = 0
  readonly #step: () => number
  readonly #timers = new Set<Timer>()

  /** @param step how far each read advances it, in milliseconds */
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

  /** Milliseconds until each timer is due, soonest first. */
  get timers(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#ms).sort((a, b) => a - b)
  }

  /** Runs everything that is ready, without advancing time. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** Advances to the next timer, fires it and runs what becomes ready. @throws when there is none */
  async next(): Promise<void> {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at)
    if (!first) throw new Error('Nothing is waiting for the time.')
    this.#timers.delete(first)
    this.#ms = Math.max(this.#ms, first.at)
    first.then()
    await this.settle()
  }

  /** Advances time, timer by timer, until the promise settles. @throws when no timer is left before it does */
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
