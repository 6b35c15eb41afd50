/** How fast messages may come: a bucket that fills steadily and allows bursts. Time is passed in, in milliseconds. */
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

  /** Counts one message. @returns for how many milliseconds no more should be read; 0 while the rate is kept */
  take(now: number): number {
    const since = Math.max(0, now - this.#at)
    this.#at = now
    this.#tokens = Math.min(this.#burst, this.#tokens + (since * this.#perSecond) / 1_000) - 1
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000)
  }
}
