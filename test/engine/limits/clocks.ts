import { type Clock, systemClock } from '../../../src/domain/clock.ts'

/** The system's clock, so many milliseconds ahead. */
export class ShiftedClock implements Clock {
  ahead = 0

  now(): number {
    return systemClock.now() + this.ahead
  }

  after = systemClock.after
}

/**
 * Time that passes only when it is read, by `step` milliseconds each time, and when the next timer is fired. Timers fire
 * early, as Node's do by less than a millisecond: up to three readings are still before their time, the next is after it.
 */
export class SteppingClock implements Clock {
  readonly #step: number
  readonly #timers = new Set<{ at: number; callback: () => void }>()
  #now = 1_000_000
  #fired = 2

  constructor(step: number) {
    this.#step = step
  }

  now(): number {
    this.#now += this.#step
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Milliseconds until the next timer; Infinity: there is none. */
  get nextInMs(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at - this.#now))
  }

  /** Lets so much time pass at once, without firing what is due. */
  skip(ms: number): void {
    this.#now += ms
  }

  /** @throws when no timer is set: nothing would ever happen again */
  fireNext(): void {
    const [next] = [...this.#timers].toSorted((a, b) => a.at - b.at)
    if (!next) throw new Error('no timer is set')
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.at - ((this.#fired % 4) + 0.5) * this.#step)
    this.#fired += 1
    next.callback()
  }
}
