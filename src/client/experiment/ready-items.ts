import type { Clock } from '../clock.ts'
import type { ClaimClientItemsMutation } from '../gql/graphql.ts'

export type Claim = Extract<ClaimClientItemsMutation['claimRunItems'], { __typename: 'ClaimRunItemsPayload' }>
export type ClaimedItem = Claim['items'][number]

/** An item that was started or is waiting for it, or whose result is not recorded yet. */
export interface Held {
  /** By the newest claim of it: a lost lease may have been replaced meanwhile. */
  item: ClaimedItem
  /** When it may be started, by the clock. */
  startAt: number
}

/** Claimed items that wait for a slot, in their order; limits per minute say when each may start. */
export class ReadyItems {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #onDue: () => void
  #items: Held[] = []
  #waiting = false

  constructor(clock: Clock, signal: AbortSignal, onDue: () => void) {
    this.#clock = clock
    this.#signal = signal
    this.#onDue = onDue
  }

  get size(): number {
    return this.#items.length
  }

  /** @returns the item as it is held from now on */
  add(item: ClaimedItem): Held {
    const held = { item, startAt: this.#clock.now() + item.startAfterMs }
    this.#items.push(held)
    return held
  }

  /** Takes the next one, if it may start now; else `onDue` is called when it may. */
  next(): Held | undefined {
    const [next] = this.#items
    if (!next) return
    const waitMs = next.startAt - this.#clock.now()
    if (waitMs <= 0) return this.#items.shift()
    if (!this.#waiting) void this.#wait(waitMs)
  }

  /** Takes all of them. */
  clear(): Held[] {
    return this.#items.splice(0)
  }

  async #wait(ms: number): Promise<void> {
    this.#waiting = true
    await this.#clock.sleep(ms, this.#signal)
    this.#waiting = false
    this.#onDue()
  }
}
