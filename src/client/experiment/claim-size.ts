/** How many items a claim asks for: a moment's work, and no more than a request holds. */

/** A claim is about this much work: fast items do not wait for claims, and slow ones are not hoarded. */
const workMs = 250
const maxItems = 1_000
/** About as much as the server takes and gives in a request. */
const maxBytes = 4_000_000
/** So many items of a claim say how large they are. */
const measuredItems = 5

export class ClaimSize {
  /** A moving average of how long items take; null before the first. */
  #meanMs: number | null = null
  /** Of the items of the last claim, on average. */
  #itemBytes = 1

  /** An item took this long. */
  took(ms: number): void {
    const measured = Math.max(ms, 0.1)
    this.#meanMs = this.#meanMs === null ? measured : this.#meanMs + (measured - this.#meanMs) / 16
  }

  /** These items came. */
  came(items: readonly unknown[]): void {
    const measured = items.slice(0, measuredItems)
    if (measured.length > 0) this.#itemBytes = JSON.stringify(measured).length / measured.length
  }

  /** The size of the next claim of a process that executes `slots` items at once: at least 1. */
  next(slots: number): number {
    const ahead = this.#meanMs === null ? 0 : Math.ceil((slots / this.#meanMs) * workMs)
    return Math.max(1, Math.min(maxItems, Math.max(slots, ahead), Math.ceil(maxBytes / this.#itemBytes)))
  }
}
