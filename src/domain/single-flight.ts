/**
 * Work that never runs twice at once. A request during a run may be too late for what that run has read, so one more
 * run follows, shared by all such requests.
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

  /** Resolves when a run that began after this request has ended; rejects when the current run fails. */
  run(): Promise<void> {
    this.#requested = true
    this.#flight ??= this.#fly()
    return this.#flight
  }

  /** Resolves when idle. */
  async settled(): Promise<void> {
    await this.#flight
  }

  async #fly(): Promise<void> {
    // #flight must be set before the work begins, also for the work itself.
    await null
    try {
      while (this.#requested) {
        this.#requested = false
        await this.#work()
      }
    } finally {
      // Reset synchronously, before the waiting callers continue: a request in between would be lost.
      this.#flight = null
    }
  }
}
