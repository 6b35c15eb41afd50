/** A chunk is about this much work: fast items do not wait for claims, and slow ones are not hoarded. */
const chunkMs = 250

/** A moving average of how long items take. */
export class MeanDuration {
  #meanMs: number | null = null

  add(ms: number): void {
    const measured = Math.max(ms, 0.1)
    this.#meanMs = this.#meanMs === null ? measured : this.#meanMs + (measured - this.#meanMs) / 16
  }

  /** How many items `slots` execute in a chunk's time; 0 while that is not known. */
  itemsAhead(slots: number): number {
    return this.#meanMs === null ? 0 : Math.ceil((slots / this.#meanMs) * chunkMs)
  }
}
