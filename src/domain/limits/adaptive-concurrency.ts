/**
 * Finds out how many calls an endpoint can take at once: unlimited until it reports overload, then half of what was in
 * flight, then growing again for as long as calls succeed.
 *
 * As in TCP, one overload counts once: calls that were in flight when the limit fell say nothing about the new limit.
 * As in CUBIC, the limit grows fast up to the point of the last overload and slowly around it, so that it stays near
 * capacity most of the time and is back within about ten round trips; past that point it probes for a new one.
 *
 * An endpoint that refuses every call is backed off from: each fall without a success in between makes calls wait
 * longer.
 */
interface CallEnd {
  /** When the call began, on a monotonic clock. */
  startedAt: number
  /** Calls in flight when it ended, including itself. */
  inFlight: number
}

/** Growth is slow from this share of the ceiling… */
const near = 0.9
/** …up to this share, past which the ceiling no longer applies. */
const beyond = 1.1
/** Growth per round trip, as a share of the ceiling. */
const fast = 1 / 10
const slow = 1 / 50
/** Wait after the second fall without a success in between; it doubles with every further one. */
const firstWaitMs = 200
const maxWaitMs = 10_000

export class AdaptiveConcurrency {
  #limit = Infinity
  /** Where the endpoint was overloaded last. */
  #ceiling = Infinity
  #fellAt = -Infinity
  #grewSince = true
  #fallsInARow = 0

  /** Concurrent calls, at least 1; Infinity when no limit is known. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  /**
   * @param now on the same clock as `startedAt`
   * @returns how long to pause all calls, in milliseconds; 0 while halving may be enough
   */
  overloaded({ startedAt, inFlight }: CallEnd, now: number): number {
    if (startedAt < this.#fellAt) return 0
    const reached = Math.min(this.#limit, inFlight)
    // A second fall in one overload does not mean that the endpoint can take less than it could before the first.
    if (this.#grewSince) this.#ceiling = reached
    this.#limit = Math.max(1, reached / 2)
    this.#fellAt = now
    this.#grewSince = false
    this.#fallsInARow += 1
    return this.#fallsInARow < 2 ? 0 : Math.min(firstWaitMs * 2 ** (this.#fallsInARow - 2), maxWaitMs)
  }

  succeeded({ startedAt, inFlight }: CallEnd): void {
    if (startedAt < this.#fellAt) return
    this.#fallsInARow = 0
    // A limit that was not reached has not been tested.
    if (inFlight < this.limit) return
    const share = this.#limit < near * this.#ceiling ? fast : slow
    this.#limit += Math.max(1, share * this.#ceiling) / this.#limit
    this.#grewSince = true
    if (this.#limit > beyond * this.#ceiling + 1) this.#ceiling *= 2
  }
}
