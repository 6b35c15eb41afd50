/**
 * Puts results that complete in any order back into schedule order.
 *
 * Fast items finish first, and fast items are not like the others: looking at results as they complete finds winners where
 * there are none. So a result is held back until everything scheduled before it is settled.
 */
export class ScheduleOrder<Value> {
  readonly #waiting = new Map<number, Value | null>()
  #next = 0
  #heldBack = 0
  #released = 0
  #skipped = 0

  /**
   * Settles the pair at `rank` (0, 1, 2 … without gaps, in the order of the schedule both arms share).
   *
   * @param value null when there will be no pair: failed, cancelled or unscored on either arm.
   * @returns the values that may be looked at now, in schedule order; often none, sometimes many.
   * @throws RangeError when the rank is no whole number >= 0 or was settled before.
   */
  settle(rank: number, value: Value | null): Value[] {
    if (!(Number.isInteger(rank) && rank >= 0)) throw new RangeError(`expected a rank 0, 1, 2 …, got ${rank}`)
    if (rank < this.#next || this.#waiting.has(rank)) {
      throw new RangeError(`expected every rank to be settled once, got ${rank} again`)
    }
    this.#waiting.set(rank, value)
    if (value !== null) this.#heldBack++
    const ready: Value[] = []
    for (let first = this.#waiting.get(this.#next); first !== undefined; first = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next++)
      if (first === null) this.#skipped++
      else ready.push(first)
    }
    this.#heldBack -= ready.length
    this.#released += ready.length
    return ready
  }

  /** The first rank that is not settled yet: everything before it has been looked at. */
  get next(): number {
    return this.#next
  }

  /** Pairs released so far. */
  get released(): number {
    return this.#released
  }

  /** Complete pairs that wait for an earlier one. */
  get heldBack(): number {
    return this.#heldBack
  }

  /** Ranks passed that have no pair. */
  get skipped(): number {
    return this.#skipped
  }
}
