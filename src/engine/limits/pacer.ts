/**
 * One process' part in an endpoint's limits per minute: takes start times (slots) from the database ahead of need, a
 * second's worth at most, and settles afterwards what calls used (pacing.ts says what the limits mean).
 */
import type { Logger } from 'pino'
import { type Database, transaction } from '../../db/client.ts'
import { lockEndpoint } from '../../db/sql/endpoint/lock-endpoint.ts'
import { readPace, settleTokens, writePace } from '../../db/sql/endpoint/pace.ts'
import type { Clock } from '../../domain/clock.ts'
import type { EndpointKey } from '../../domain/endpoint.ts'
import { type Rates, reserveSlots, type SlotBatch, slotLifeMs, tokenMs } from '../../domain/pacing.ts'

/** When a call may begin, in milliseconds of the process' clock, and what it has paid for. */
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
  /** Called when there may be slots. */
  onChange: () => void
}

const maxBatch = 1_000
/** Processes that found no slot do not all come back at once. */
const askAgainJitterMs = 20
const retryMs = 500
const settleMs = 50

export class Pacer {
  rates: Rates
  readonly #options: PacerOptions
  #slots: Slot[] = []
  #asking = false
  #askAt = -Infinity
  /** Slots to ask for at once: half as many when some became void unused, for other processes may use them. */
  #batch = 1
  #voided = false
  /** What calls used of late; null as long as none has ended. */
  #tokensPerCall: number | null = null
  #unsettledMs = 0
  #cancelSettling: (() => void) | null = null
  #stopped = false

  constructor(options: PacerOptions, rates: Rates) {
    this.#options = options
    this.rates = rates
  }

  /** How long until the next of `waiting` calls may begin; 0 now; Infinity: not before `onChange` or the end of a call. */
  waitMs(waiting: number, inUse: number): number {
    // One call shows what calls use before others follow.
    if (this.rates.tokensPerMinute !== null && this.#tokensPerCall === null && inUse > 0) return Infinity
    const now = this.#options.clock.now()
    for (let first = this.#slots[0]; first && first.until <= now; first = this.#slots[0]) {
      this.#slots.shift()
      this.#voided = true
    }
    if (this.#slots.length < Math.min(waiting, this.#batch) / 2) void this.#ask(waiting, now)
    const [next] = this.#slots
    if (next) return Math.max(0, next.at - now)
    return this.#asking ? Infinity : Math.max(1, this.#askAt - now)
  }

  take(): Slot | undefined {
    return this.#slots.shift()
  }

  /** Accounts for a call that has ended. @param tokens what it used; null: unknown, or it was not made */
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

  async #ask(waiting: number, askedAt: number): Promise<void> {
    const { db, key, log, clock, random, onChange } = this.#options
    if (this.#asking || askedAt < this.#askAt) return
    this.#asking = true
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
      // The database looked at its clock between the two: no slot is used before its time, or after its life.
      const answeredAt = clock.now()
      for (let index = 0; index < slots.count; index += 1) {
        const delayMs = slots.delayMs + index * slots.spacingMs
        this.#slots.push({ at: answeredAt + delayMs, until: askedAt + delayMs + slotLifeMs, tokens })
      }
      if (slots.count === 0) this.#askAt = answeredAt + slots.delayMs + random() * askAgainJitterMs
    } catch (error) {
      this.#askAt = clock.now() + retryMs
      log.warn({ err: error, endpoint: key.endpoint }, 'limits: could not ask for start times')
    }
    this.#asking = false
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
