/**
 * The time limit for the first token of each request of a streamed call. The SDK's own begins only with the response, and
 * where its provider looks for an error before the first token, not at all.
 */
export class FirstTokenLimit {
  readonly #ms: number
  readonly #expiry = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  get isExpired(): boolean {
    return this.#expiry.signal.aborted
  }

  /** Aborted with the outer one, or when the time is over. */
  signal(outer: AbortSignal): AbortSignal {
    return AbortSignal.any([outer, this.#expiry.signal])
  }

  /** A request begins. */
  start(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expiry.abort(), this.#ms)
  }

  /** A token has come, or the call has ended. */
  stop(): void {
    clearTimeout(this.#timer)
  }
}
