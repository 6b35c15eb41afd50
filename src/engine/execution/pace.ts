/** How fast a lane works. */
export class Pace {
  /**
   * Moving average of the last durations. A mean of rates would let a few quick failures make a slow lane look fast.
   */
  #meanMs = Infinity

  /** Something took this long, with its slot. */
  took(duration: number): void {
    const ms = Math.max(duration, 0.1)
    this.#meanMs = this.#meanMs === Infinity ? ms : this.#meanMs + (ms - this.#meanMs) / 16
  }

  /** How much this many slots do in a time; 0 while nothing is known. */
  expected(slots: number, withinMs: number): number {
    return Math.round((slots / this.#meanMs) * withinMs)
  }
}
