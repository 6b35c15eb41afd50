/**
 * One process's part in an endpoint's limits per minute: reserves start times (slots) in the database ahead of need, at
 * most a second's worth, and settles what the calls used afterwards. pacing.ts defines the limits.
 */
import type { Logger } from 'pino'
import { type Database, transaction } from '../../db/client.ts'
import { lockEndpoint } from '../../db/sql/endpoint/lock-endpoint.ts'
import { readPace, settleTokens, writePace } from '../../db/sql/endpoint/pace.ts'
import type { Clock } from '../../domain/clock.ts'
import type { EndpointKey } from '../../domain/limits/endpoint.ts'
import { type Rates, reserveSlots, type SlotBatch, slotLifeMs, tokenMs } from '../../domain/limits/pacing.ts'

/** When a call may start, in milliseconds of the process's clock, and the tokens reserved for it. */
interface Slot {
  at: number
  until: number
  tokens: number
}

interface PacerOptions {
  db: Database
  key: EndpointKey
  log: Logger
  clock: Clock
  /** Uniform in [0, 1). */
  random: () => number
  /** Called when there may be new slots. */
  onChange: () => void
}

const maxBatch = 1_000
/** Spreads the next attempts of processes that got no slot. */
const retryJitterMs = 20
const retryMs = 500
const settleMs = 50

export class Pacer {
  rates: Rates
  readonly #options: PacerOptions
  #slots: Slot[] = []
  #reserving = false
  #reserveAt = -Infinity
  /** Slots per reservation. Halved after some expired unused: other processes may need them. */
  #batch = 1
  #voided = false
  /** Moving average of what calls used; null until one has ended. */
  #tokensPerCall: number | null = null
  #unsettledMs = 0
  #cancelSettling: (() => void) | null = null
  #stopped = false

  constructor(options: PacerOptions, rates: Rates) {
    this.#options = options
    this.rates = rates
  }

  /** Milliseconds until the next of `waiting` calls may start; Infinity: not before `onChange` or the end of a call. */
  waitMs(waiting: number, inUse: number): number {
    // The first call shows how many tokens calls use; the others wait for it.
    if (this.rates.tokensPerMinute !== null && this.#tokensPerCall === null && inUse > 0) return Infinity
    const now = this.#options.clock.now()
    for (let first = this.#slots[0]; first && first.until <= now; first = this.#slots[0]) {
      this.#slots.shift()
      this.#voided = true
    }
    if (this.#slots.length < Math.min(waiting, this.#batch) / 2) void this.#reserve(waiting, now)
    const [next] = this.#slots
    if (next) return Math.max(0, next.at - now)
    return this.#reserving ? Infinity : Math.max(1, this.#reserveAt - now)
  }

  take(): Slot | undefined {
    return this.#slots.shift()
  }

  /** Accounts for a call that has ended. @param tokens what it used; null: unknown, or no call was made */
  settle(slot: Slot | undefined, tokens: number | null): void {
    if (this.rates.tokensPerMinute === null) return
    if (tokens !== null && this.#tokensPerCall) this.#tokensPerCall += (tokens - this.#tokensPerCall) / 8
    else this.#tokensPerCall = tokens ?? this.#tokensPerCall ?? 0
    this.#unsettledMs += ((tokens ?? 0) - (slot?.tokens ?? 0)) * tokenMs(this.rates)
    this.#settleIn(settleMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelSettling?.()
    await this.#settle()
  }

  async #reserve(waiting: number, requestedAt: number): Promise<void> {
    const { db, key, log, clock, random, onChange } = this.#options
    if (this.#reserving || requestedAt < this.#reserveAt) return
    this.#reserving = true
    this.#batch = this.#voided ? Math.ceil(this.#batch / 2) : Math.min(this.#batch * 2, maxBatch)
    this.#voided = false
    const count = Math.min(waiting - this.#slots.length, this.#batch)
    const tokens = this.#tokensPerCall ?? 0
    try {
      const slots = await transaction(db.pool, async (client): Promise<SlotBatch> => {
        await lockEndpoint(client, key)
        const found = await readPace(client, key)
        const { slots, pace } = reserveSlots(found.pace, this.rates, found.now, count, tokens)
        if (slots.count > 0) await writePace(client, key, pace)
        return slots
      })
      // The database read its clock between the two times, so no slot is used too early or after it has expired.
      const answeredAt = clock.now()
      for (let index = 0; index < slots.count; index += 1) {
        const delayMs = slots.delayMs + index * slots.spacingMs
        this.#slots.push({ at: answeredAt + delayMs, until: requestedAt + delayMs + slotLifeMs, tokens })
      }
      if (slots.count === 0) this.#reserveAt = answeredAt + slots.delayMs + random() * retryJitterMs
    } catch (error) {
      this.#reserveAt = clock.now() + retryMs
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not reserve start times')
    }
    this.#reserving = false
    onChange()
  }

  #settleIn(ms: number): void {
    this.#cancelSettling ??= this.#options.clock.after(ms, () => void this.#settle())
  }

  async #settle(): Promise<void> {
    const { db, key, log } = this.#options
    const ms = this.#unsettledMs
    this.#unsettledMs = 0
    this.#cancelSettling = null
    if (ms === 0) return
    try {
      await settleTokens(db.pool, key, ms)
    } catch (error) {
      this.#unsettledMs += ms
      if (!this.#stopped) this.#settleIn(retryMs)
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not settle tokens')
    }
  }
}
