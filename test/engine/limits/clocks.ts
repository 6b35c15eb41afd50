import { type Clock, systemClock } from '../../../src/domain/clock.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

/** The system's clock, this many milliseconds ahead. */
export class ShiftedClock implements Clock {
  ahead = 0

  now(): number {
    return systemClock.now() + this.ahead
  }

  after = systemClock.after
}

/**
 * A clock that advances by this many milliseconds with every read. Its timers fire early, as Node's do by less than a
 * millisecond: up to three reads are still before the due time, the next is after it.
 */
export class SteppingClock extends FakeClock {
  readonly #step: { ms: number }
  #set = 2

  constructor(ms: number) {
    const step = { ms }
    super(() => step.ms)
    this.#step = step
  }

  override after(ms: number, then: () => void): () => void {
    this.#set += 1
    return super.after(ms - ((this.#set % 4) + 0.5) * this.#step.ms, then)
  }

  /** Advances by this many milliseconds without firing timers. */
  skip(ms: number): void {
    const { ms: usual } = this.#step
    this.#step.ms = ms
    this.now()
    this.#step.ms = usual
  }
}
