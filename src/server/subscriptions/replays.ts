/**
 * Limits concurrent reads of what subscribers have missed, in total and per caller, so that live subscriptions and queries
 * keep their share of the event loop and of the connections. Waiting reads take turns over callers.
 */
import { FairTurns } from '../../domain/limits/fair-turns.ts'

export const replayLimits = {
  /** Concurrent reads in this process. */
  all: 8,
  /** Concurrent reads per caller. */
  perCaller: 4,
  /** New subscriptions that wait for their first read. */
  waiting: 5_000,
  /** How long a new subscription waits for its first read, in milliseconds. */
  waitMs: 30_000,
  /** When to try again. */
  retryAfterSeconds: 5,
}

/** Too many subscriptions wait for what they missed; the client may come back. */
export class ReplayRefusedError extends Error {
  readonly retryAfterSeconds = replayLimits.retryAfterSeconds

  constructor(why: string) {
    super(`${why}; try again in ${replayLimits.retryAfterSeconds} s`)
  }
}

export class Replays {
  readonly #turns = new FairTurns(replayLimits)
  #new = 0

  /**
   * Runs a read when it is its turn.
   * @param isFirst of a new subscription, which may be refused
   * @throws {ReplayRefusedError} too many wait, or this one waited too long
   */
  async run<T>(caller: string, isFirst: boolean, read: () => Promise<T>): Promise<T> {
    if (!this.#turns.enter(caller)) await this.#turn(caller, isFirst)
    try {
      return await read()
    } finally {
      this.#turns.leave(caller)
    }
  }

  async #turn(caller: string, isFirst: boolean): Promise<void> {
    if (isFirst && this.#new >= replayLimits.waiting) throw new ReplayRefusedError('Too many subscriptions begin')
    const { turn, giveUp } = this.#turns.wait(caller)
    if (!isFirst) return turn
    this.#new += 1
    const late = setTimeout(() => {
      giveUp(new ReplayRefusedError(`This subscription waited ${replayLimits.waitMs / 1_000} s behind others`))
    }, replayLimits.waitMs)
    try {
      await turn
    } finally {
      clearTimeout(late)
      this.#new -= 1
    }
  }
}
