import type { Clock } from '../clock.ts'

/** Knows whether a caller is alone, or others have asked for something lately, too. */
export class RecentCallers {
  readonly #now: Clock['now']
  readonly #withinMs: number
  #latest: { caller: string; at: number } | null = null
  /** The latest of another caller than that. */
  #latestOther: { caller: string; at: number } | null = null

  /** @param withinMs for how long a caller counts after it has asked, in milliseconds */
  constructor(now: Clock['now'], withinMs: number) {
    this.#now = now
    this.#withinMs = withinMs
  }

  /** Call when a caller asks for something. */
  asked(caller: string): void {
    if (this.#latest?.caller !== caller) this.#latestOther = this.#latest
    this.#latest = { caller, at: this.#now() }
  }

  /** Whether no other caller counts. */
  isAlone(caller: string): boolean {
    const other = this.#latest?.caller === caller ? this.#latestOther : this.#latest
    return other === null || this.#now() - other.at > this.#withinMs
  }
}
