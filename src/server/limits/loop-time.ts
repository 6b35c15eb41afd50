import type { Clock } from '../../domain/clock.ts'
import { RecentCallers } from '../../domain/limits/recent-callers.ts'

/**
 * What callers take of the event loop, which serves one at a time, and how long each has to pause for it while others
 * are served. Who is alone may take all of it.
 *
 * What a block costs the others grows with the square of its length, since more of them arrive in a longer one and each
 * waits for longer (mean residual life; Kleinrock, Queueing Systems, volume 1, section 5.2). So a block of ten times the
 * length is paid with more than ten times the pause.
 */
export const loopTimeLimits = {
  /** The part of the time that one caller may take. */
  share: 1 / 3,
  /** What a caller may take at once before it has to pause, in milliseconds: several times what opening a page mostly takes. */
  burstMs: 100,
  /** Up to so many milliseconds a block costs what it takes; beyond, in proportion to its length, so much more. */
  shortMs: 5,
  /**
   * About what receiving and answering takes beside the operation, in milliseconds: a request over HTTP, a message of a
   * WebSocket.
   */
  requestMs: 2,
  messageMs: 0.2,
  /** Bytes that are sent or received in a millisecond, with what the database and clients on the same machine take of it. */
  bytesPerMs: 32 * 1024,
  /** At most so many times what it takes. */
  maxFactor: 10,
  /** The most that a caller may owe, in milliseconds. */
  maxDebtMs: 2_000,
  /** Others are served if one of them has asked within so many milliseconds. */
  activeMs: 1_000,
}

interface Account {
  /** In milliseconds, at that moment; it shrinks with time. */
  debt: number
  at: number
}

export class LoopTime {
  readonly #clock: Pick<Clock, 'now'>
  readonly #afterCallback: typeof afterCallback
  /** Of callers that owe something, those that have taken something latest at the end. */
  readonly #accounts = new Map<string, Account>()
  readonly #callers: RecentCallers
  /** For whom the loop works, since when, and whether nobody else was there then. */
  #current: { caller: string; since: number; isAlone: boolean } | null = null
  #willEnd = false

  constructor(clock: Pick<Clock, 'now'>, after = afterCallback) {
    this.#clock = clock
    this.#afterCallback = after
    this.#callers = new RecentCallers(clock.now, loopTimeLimits.activeMs)
  }

  /**
   * Call when a caller asks for something.
   * @param ms what receiving and answering it takes
   */
  asked(caller: string, ms: number): void {
    this.#callers.asked(caller)
    if (!this.#callers.isAlone(caller)) this.#charge(caller, ms)
  }

  /** Call when a caller has sent many bytes, or is sent them: most of what these take is outside of what is measured. */
  carried(caller: string, bytes: number): void {
    if (!this.#callers.isAlone(caller)) this.#owe(caller, bytes / loopTimeLimits.bytesPerMs)
  }

  /**
   * Call when the loop begins to work for a caller, or, with null, for none. It works for that caller until this is called
   * for another, or until its callback has ended, with what that has started in microtasks.
   */
  worksFor(caller: string | null): void {
    if ((this.#current?.caller ?? null) === caller) return
    const now = this.#clock.now()
    if (this.#current && !this.#current.isAlone) this.#charge(this.#current.caller, now - this.#current.since)
    this.#current = caller === null ? null : { caller, since: now, isAlone: this.#callers.isAlone(caller) }
    if (caller === null || this.#willEnd) return
    this.#willEnd = true
    this.#afterCallback(() => {
      this.#willEnd = false
      this.worksFor(null)
    })
  }

  #charge(caller: string, ms: number): void {
    const { shortMs, maxFactor } = loopTimeLimits
    this.#owe(caller, ms * Math.min(Math.max(ms / shortMs, 1), maxFactor))
  }

  #owe(caller: string, ms: number): void {
    const debt = Math.min(this.#debt(caller) + ms, loopTimeLimits.maxDebtMs)
    this.#accounts.delete(caller)
    this.#accounts.set(caller, { debt, at: this.#clock.now() })
    for (const oldest of this.#accounts.keys()) {
      if (this.#debt(oldest) > 0) break
      this.#accounts.delete(oldest)
    }
  }

  /**
   * For how many milliseconds the caller has to pause; 0 if it may go on.
   * @param burstMs what it may have taken at once
   */
  pauseOf(caller: string, burstMs = loopTimeLimits.burstMs): number {
    const tooMuch = this.#debt(caller) - burstMs
    return tooMuch <= 0 || this.#callers.isAlone(caller) ? 0 : tooMuch / loopTimeLimits.share
  }

  #debt(caller: string): number {
    const account = this.#accounts.get(caller)
    if (!account) return 0
    return Math.max(0, account.debt - (this.#clock.now() - account.at) * loopTimeLimits.share)
  }
}

/** Rounds of microtasks and ticks: loaders wait for one of each before they load. */
const rounds = 4

/** Calls when the current callback of the event loop has ended, and so many rounds of what it has started. */
function afterCallback(callback: () => void, left = rounds): void {
  queueMicrotask(() => process.nextTick(() => (left === 0 ? callback() : afterCallback(callback, left - 1))))
}
