import type { Clock } from '../../domain/clock.ts'
import type { EndpointCalls } from '../../domain/execution/task.ts'
import { type CallOutcome, noCall, type Permit } from '../limits/permit.ts'
import type { Slots } from './slots.ts'

interface ItemCallsOptions {
  runId: string
  /** Waits for a permit of the endpoint; null when the signal aborts first. At once where there is one. */
  acquire: (signal: AbortSignal) => Permit | Promise<Permit | null> | null
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
   * Waits for the right to the first call, where it is not there at once. False when there will be none.
   * @param closing aborted when no more items are started
   * @param needed false for an item that only needs a slot
   */
  start(closing: AbortSignal, needed: boolean): boolean | Promise<boolean> {
    return this.#take(needed ? closing : null)
  }

  async begin(): Promise<void> {
    const { signal, clock } = this.#options
    const startedAt = clock.now()
    this.finish()
    const taken = await this.#take(signal)
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

  /** The permit before the slot. @param closing ends the wait for a permit; null: none is needed */
  #take(closing: AbortSignal | null): boolean | Promise<boolean> {
    const permit = closing ? this.#options.acquire(closing) : noCall
    if (permit instanceof Promise) return permit.then((granted) => this.#takeSlot(granted, closing))
    return this.#takeSlot(permit, closing)
  }

  #takeSlot(permit: Permit | null, closing: AbortSignal | null): boolean | Promise<boolean> {
    if (!permit) return false
    this.#permit = permit
    const waiting = this.#options.pool.acquire(this.#options.runId)
    return waiting ? waiting.then(() => this.#hasTaken(closing)) : this.#hasTaken(closing)
  }

  #hasTaken(closing: AbortSignal | null): boolean | Promise<boolean> {
    const { signal } = this.#options
    this.#hasSlot = true
    if (!signal.aborted && this.#permit.isValid()) return true
    this.finish()
    // The endpoint may have been paused while the item waited for its slot.
    return signal.aborted ? false : this.#take(closing)
  }
}
