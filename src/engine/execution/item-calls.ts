import type { Clock } from '../../domain/clock.ts'
import type { EndpointCalls } from '../../domain/execution/task.ts'
import { type CallOutcome, noCall, type Permit } from '../limits/permit.ts'
import type { Slots } from './slots.ts'

interface ItemCallsOptions {
  runId: string
  /** Waits for a permit of the endpoint; null when the signal aborts first. */
  acquire: (signal: AbortSignal) => Promise<Permit | null>
  /** The process's slots, shared by the lanes of all runs. */
  pool: Slots
  /** Aborted with the attempt. */
  signal: AbortSignal
  clock: Clock
}

/**
 * The rights of one attempt at an item to call its endpoint: a permit and a slot of the process. Its calls are made one
 * at a time, and an item that waits for its endpoint takes no slot from other runs.
 */
export class ItemCalls implements EndpointCalls {
  readonly #options: ItemCallsOptions
  #permit: Permit = noCall
  #hasSlot = false
  #counted = false
  #waitedMs = 0

  constructor(options: ItemCallsOptions) {
    this.#options = options
  }

  /** Between its calls, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  /**
   * Waits for the right to the first call. False when there will be none.
   * @param closing aborted when no more items are started
   * @param needed false for an item that only needs a slot
   */
  start(closing: AbortSignal, needed: boolean): Promise<boolean> {
    return this.#take(needed ? () => this.#options.acquire(closing) : async () => noCall)
  }

  async begin(): Promise<void> {
    const { acquire, signal, clock } = this.#options
    const startedAt = clock.now()
    this.finish()
    const taken = await this.#take(() => acquire(signal))
    this.#waitedMs += clock.now() - startedAt
    if (!taken) throw signal.reason
  }

  end(ended: { tokens: number | null; retryAfterMs: number | null }): void {
    this.#counted = true
    this.#permit.release({ kind: 'OK', ...ended })
  }

  /** After the last call. Idempotent. */
  release(outcome: CallOutcome): void {
    // What the calls before it used has been counted.
    this.#permit.release(this.#counted ? { ...outcome, tokens: null } : outcome)
  }

  /** Gives up what is left of the rights. Idempotent. */
  finish(): void {
    const { pool, runId } = this.#options
    this.#permit.release()
    if (this.#hasSlot) pool.release(runId)
    this.#hasSlot = false
  }

  /** The permit before the slot. */
  async #take(acquire: () => Promise<Permit | null>): Promise<boolean> {
    const { pool, runId, signal } = this.#options
    for (;;) {
      const permit = await acquire()
      if (!permit) return false
      this.#permit = permit
      await pool.acquire(runId)
      this.#hasSlot = true
      // The endpoint may have been paused while the item waited for its slot.
      if (!signal.aborted && permit.isValid()) return true
      this.finish()
      if (signal.aborted) return false
    }
  }
}
