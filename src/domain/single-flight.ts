/**
 * Work that is never done twice at once. A request that comes while it is under way may have come too late for what the
 * work has read, so that one more run follows, for all of these requests together.
 */
export class SingleFlight {
  readonly #work: () => Promise<void>
  #flight: Promise<void> | null = null
  #requested = false

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  get busy(): boolean {
    return this.#flight !== null
  }

  /** Resolves when a run that began after this request has ended; rejects when the run under way fails. */
  run(): Promise<void> {
    this.#requested = true
    this.#flight ??= this.#fly()
    return this.#flight
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#flight
  }

  async #fly(): Promise<void> {
    // The flight is known before its work begins, also to the work itself.
    await null
    try {
      while (this.#requested) {
        this.#requested = false
        await this.#work()
      }
    } finally {
      // At once, not when those who wait are told: a request in between would be lost.
      this.#flight = null
    }
  }
}
