/** A token bucket for messages. Times are passed in, in milliseconds. */
export class MessageRate {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor({ perSecond, burst }: { perSecond: number; burst: number }, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** Counts one message. @returns for how many milliseconds to pause reading; 0 within the rate */
  take(now: number): number {
    const since = Math.max(0, now - this.#at)
    this.#at = now
    this.#tokens = Math.min(this.#burst, this.#tokens + (since * this.#perSecond) / 1_000) - 1
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000)
  }
}
