import { setTimeout as delay } from 'node:timers/promises'

/** Measures calls in flight over time. */
export class Gauge {
  #inFlight = 0
  #movedAt = performance.now()
  #resetAt = this.#movedAt
  #area = 0
  max = 0
  /** When calls started, by performance.now. */
  readonly starts: number[] = []

  get inFlight(): number {
    return this.#inFlight
  }

  /** The mean of calls in flight, from the last reset to the last start or end of a call. */
  get mean(): number {
    return this.#area / (this.#movedAt - this.#resetAt)
  }

  reset(): void {
    this.#move(0)
    this.#resetAt = this.#movedAt
    this.#area = 0
    this.max = this.#inFlight
  }

  enter(): number {
    this.#move(1)
    this.starts.push(this.#movedAt)
    this.max = Math.max(this.max, this.#inFlight)
    return this.#movedAt
  }

  leave(): void {
    this.#move(-1)
  }

  async call(ms: number): Promise<void> {
    this.enter()
    await delay(ms)
    this.leave()
  }

  #move(by: number): void {
    const now = performance.now()
    this.#area += this.#inFlight * (now - this.#movedAt)
    this.#movedAt = now
    this.#inFlight += by
  }
}
