/**
 * How many calls an endpoint bears at once, found out by calling it: unlimited until it says that it is overloaded,
 * then half of what was in flight, then more again for as long as calls succeed.
 *
 * As in TCP, one overload counts once: what was under way when the limit fell says nothing about the new limit. As in
 * CUBIC, the limit grows fast up to where the endpoint was overloaded last and slowly around there, so that it is near
 * the capacity most of the time and back within about ten round trips; having passed that point, it looks for a new one.
 *
 * An endpoint that refuses everything is not asked again and again: calls wait for longer each time.
 */
interface CallEnd {
  /** When the call began, by any clock that does not go back. */
  startedAt: number
  /** Calls in flight when it ended, itself included. */
  inFlight: number
}

/** Growth is slow from this share of the ceiling on… */
const near = 0.9
/** …until the limit is so far beyond it that it was none. */
const beyond = 1.1
/** Growth per round trip, as a share of the ceiling. */
const fast = 1 / 10
const slow = 1 / 50
/** The second fall without a success in between is followed by this wait, the next by twice as much… */
const firstWaitMs = 200
const longestWaitMs = 10_000

export class AdaptiveConcurrency {
  #limit = Infinity
  /** Where the endpoint was overloaded last. */
  #ceiling = Infinity
  #fellAt = -Infinity
  #grewSince = true
  #fallsInARow = 0

  /** Calls at once, at least 1; Infinity when no limit is known. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  /**
   * @param now by the same clock as `startedAt`
   * @returns for how long nothing should be called, in milliseconds; 0 as long as halving may be enough
   */
  overloaded({ startedAt, inFlight }: CallEnd, now: number): number {
    if (startedAt < this.#fellAt) return 0
    const reached = Math.min(this.#limit, inFlight)
    // A second fall in one overload does not mean that the endpoint bears less than was thought before the first.
    if (this.#grewSince) this.#ceiling = reached
    this.#limit = Math.max(1, reached / 2)
    this.#fellAt = now
    this.#grewSince = false
    this.#fallsInARow += 1
    return this.#fallsInARow < 2 ? 0 : Math.min(firstWaitMs * 2 ** (this.#fallsInARow - 2), longestWaitMs)
  }

  succeeded({ startedAt, inFlight }: CallEnd): void {
    if (startedAt < this.#fellAt) return
    this.#fallsInARow = 0
    // A limit that was not reached was not tried.
    if (inFlight < this.limit) return
    const share = this.#limit < near * this.#ceiling ? fast : slow
    this.#limit += Math.max(1, share * this.#ceiling) / this.#limit
    this.#grewSince = true
    if (this.#limit > beyond * this.#ceiling + 1) this.#ceiling *= 2
  }
}
