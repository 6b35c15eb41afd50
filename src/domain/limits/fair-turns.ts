import { FairQueue } from './fair-queue.ts'

export interface TurnLimits {
  /** At once. */
  all: number
  /** At once, of one caller. */
  perCaller: number
}

/** Limits how many run at once, in total and per caller. Those that wait take turns over callers. */
export class FairTurns {
  readonly #limits: Readonly<TurnLimits>
  readonly #running = new Map<string, number>()
  readonly #waiting = new FairQueue<() => void>()
  #all = 0

  constructor(limits: Readonly<TurnLimits>) {
    this.#limits = limits
  }

  /** Whether it may run at once. Call `leave` when it has run. */
  enter(caller: string): boolean {
    const may = this.#mayRun(caller)
    if (may) this.#start(caller)
    return may
  }

  /** For one that may not run at once: its turn, unless it gives up first. Call `leave` when it has run. */
  wait(caller: string): { turn: Promise<void>; giveUp: (reason: unknown) => void } {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push(caller, resolve)
    const giveUp = (reason: unknown) => {
      this.#waiting.remove(caller, resolve)
      reject(reason)
    }
    return { turn: promise, giveUp }
  }

  leave(caller: string): void {
    this.#all -= 1
    const left = (this.#running.get(caller) ?? 1) - 1
    if (left > 0) this.#running.set(caller, left)
    else this.#running.delete(caller)
    const next = this.#waiting.shiftOf((waiting) => this.#mayRun(waiting))
    if (!next) return
    this.#start(next.group)
    next.value()
  }

  #mayRun(caller: string): boolean {
    return this.#all < this.#limits.all && (this.#running.get(caller) ?? 0) < this.#limits.perCaller
  }

  #start(caller: string): void {
    this.#all += 1
    this.#running.set(caller, (this.#running.get(caller) ?? 0) + 1)
  }
}
