import type { Clock } from '../../src/domain/clock.ts'

interface Timer {
  at: number
  then: () => void
}

/**
 * A clock that advances on every read, so that two reads never return the same time. Timers fire when the test advances
 * the time.
 */
export class FakeClock implements Clock {
  #ms = 0
  readonly #step: () => number
  readonly #timers = new Set<Timer>()

  /** @param step how far it advances on each read, in milliseconds */
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

  /** The milliseconds until each timer fires, soonest first. */
  get timers(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#ms).sort((a, b) => a - b)
  }

  /** Runs everything that is ready, without advancing the time. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** Advances to the next timer and fires it, with everything that follows immediately. @throws when there is none */
  async next(): Promise<void> {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at)
    if (!first) throw new Error('Nothing is waiting for the time.')
    this.#timers.delete(first)
    this.#ms = Math.max(this.#ms, first.at)
    first.then()
    await this.settle()
  }

  /** Advances the time, timer by timer, until the promise settles. @throws when no timer is left */
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
