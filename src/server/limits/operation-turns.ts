/**
 * Starts operations round-robin over callers. Parsing, validating and responding block the event loop, so operations
 * are started in slices of a few milliseconds: a caller's operation waits for the current one, not for another caller's
 * backlog. Those of a caller that has taken too much of the loop wait until it may go on.
 */
import { type Clock, systemClock } from '../../domain/clock.ts'
import { LimitError } from '../../domain/errors.ts'
import { FairQueue } from '../../domain/limits/fair-queue.ts'
import { LoopTime } from './loop-time.ts'

/** Milliseconds for which operations are started before the event loop goes on with other work. */
const sliceMs = 2
/** Operations started in a slice, at most. */
const sliceStarts = 8
/** Pauses end early when the other callers have gone; how often that is looked at, in milliseconds. */
const maxPauseMs = 100

export const turnLimits = {
  /** Bytes of the operations of a caller that may wait. */
  waitingBytes: 64 * 1024 * 1024,
  /** What an operation takes beside its text. */
  operationBytes: 4 * 1024,
}

export class OperationTurns {
  readonly loopTime: LoopTime
  readonly #clock: Clock
  readonly #waiting = new FairQueue<() => void>()
  readonly #waitingBytes = new Map<string, number>()
  /** Turns of the event loop that are asked for, each to start an operation. */
  #asked = 0
  #sliceEndsAt = 0
  #cancelPause: (() => void) | null = null

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.loopTime = new LoopTime(clock)
  }

  /**
   * Resolves when an operation of the caller may start.
   * @param bytes of its text
   * @throws {LimitError} too many operations of the caller are waiting
   * @throws the reason of `gone` when that aborts
   */
  async next(caller: string, bytes: number, gone: AbortSignal): Promise<void> {
    const held = bytes + turnLimits.operationBytes
    this.#hold(caller, held)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onGone = () => {
      this.#waiting.remove(caller, resolve)
      reject(gone.reason)
    }
    gone.addEventListener('abort', onGone, { once: true })
    try {
      gone.throwIfAborted()
      this.#waiting.push(caller, resolve)
      this.#askForTurns()
      await promise
    } finally {
      gone.removeEventListener('abort', onGone)
      this.#release(caller, held)
    }
  }

  #hold(caller: string, bytes: number): void {
    const already = this.#waitingBytes.get(caller) ?? 0
    if (already > 0 && already + bytes > turnLimits.waitingBytes) {
      const limit = turnLimits.waitingBytes / 1024 / 1024
      throw new LimitError(`Expected at most ${limit} MB of operations that wait, got more. Send fewer at once.`)
    }
    this.#waitingBytes.set(caller, already + bytes)
  }

  #release(caller: string, bytes: number): void {
    const left = (this.#waitingBytes.get(caller) ?? 0) - bytes
    if (left > 0) this.#waitingBytes.set(caller, left)
    else this.#waitingBytes.delete(caller)
  }

  /** One more than operations can start: the one after an operation sees how long that has taken. */
  #askForTurns(): void {
    const wanted = Math.min(this.#waiting.size, sliceStarts) + 1
    if (this.#asked === 0) this.#sliceEndsAt = Number.POSITIVE_INFINITY
    for (; this.#asked < wanted; this.#asked += 1) setImmediate(() => this.#turn())
  }

  /**
   * What an operation does at its start is done before the next turn, which follows at once: microtasks run between two of
   * one phase of the event loop, and nothing else.
   */
  #turn(): void {
    this.#asked -= 1
    this.loopTime.worksFor(null)
    const now = this.#clock.now()
    if (this.#sliceEndsAt === Number.POSITIVE_INFINITY) this.#sliceEndsAt = now + sliceMs
    if (this.#asked > 0) {
      if (now < this.#sliceEndsAt) this.#start()
    } else if (this.#waiting.size > 0) this.#goOn()
  }

  #start(): void {
    const next = this.#waiting.shiftOf((caller) => this.loopTime.pauseOf(caller) === 0)
    if (!next) return
    this.loopTime.worksFor(next.group)
    next.value()
  }

  #goOn(): void {
    const pauseMs = Math.min(...[...this.#waiting.groups].map((caller) => this.loopTime.pauseOf(caller)))
    this.#cancelPause?.()
    this.#cancelPause = null
    if (pauseMs === 0) this.#askForTurns()
    else this.#cancelPause = this.#clock.after(Math.min(pauseMs, maxPauseMs), () => this.#askForTurns())
  }
}
