/**
 * One lane of a run: up to `slots` items at once, claimed in chunks and handed to the recorder as they end. It ends
 * when nothing of the run is left for it, when its run is over, or when it is stopped; then nothing that it claimed is
 * left behind.
 *
 * It waits for one promise. Whatever changes what it would do next resolves that promise, timers included, and nothing
 * that it waits for depends on the clock: it cannot miss its wake-up.
 */
import type { Logger } from 'pino'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { isFinished } from '../../domain/run.ts'
import type { Tracing } from '../../telemetry/tracing.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import { noCall, type Permit } from '../limits/permit.ts'
import { executeItem } from './execute-item.ts'
import { Interruption } from './interruption.ts'
import { type ItemResult, released } from './item-result.ts'
import type { Claim } from './ledger.ts'
import type { Recorder } from './recorder.ts'
import type { CacheEntry } from './response-cache.ts'
import type { RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

export interface LaneOptions {
  plan: RunPlan
  lease: string
  slots: number
  recorder: Pick<Recorder, 'claim' | 'record'>
  /** What the endpoint may be asked, shared with all runs that call it. */
  limits: Pick<EndpointLimits, 'acquire'>
  /** The process's slots, shared with the lanes of other runs. */
  pool: Slots
  /** What the cache knows of items, by ordinal; asked only for runs that want the cache. */
  cached: (items: readonly ClaimedItem[]) => Promise<Map<number, CacheEntry>>
  tracing: Tracing
  log: Logger
  /** Default: the system's. */
  clock?: Clock
  /** Uniform in [0, 1); default Math.random. */
  random?: () => number
}

/** A chunk is about this much work: fast items do not wait for claims, and slow ones are not hoarded. */
const chunkMs = 250
const maxChunk = 250
/** Longest rest after a claim that brought nothing: other lanes may give items back. */
const maxRestMs = 1_000
/** Rest when the run has items but its budget does not allow to begin them yet. */
const budgetRestMs = 100

export class Lane {
  readonly #options: LaneOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #abort = new AbortController()
  /** Aborted when the lane begins nothing more. */
  readonly #closing = new AbortController()
  #waiting = 0
  readonly #ready: ClaimedItem[] = []
  readonly #cached = new Map<number, CacheEntry>()
  readonly #inFlight = new Set<number>()
  #slots: number
  #claiming = false
  /** While the lane rests because its last claim brought nothing: cancels the timer that ends the rest. */
  #cancelRest: (() => void) | null = null
  /** Queued items of the run: as of the last claim, or 1 when this lane has given an item back since. */
  #left = Infinity
  /** An item went back to the queue since the last claim was asked for: the answer may not count it. */
  #gaveBack = false
  /** Of the whole run, as of the last claim. */
  #concurrency: number
  #stopping = false
  /** Of the last items, in milliseconds. The mean of times, not of rates: a few quick failures among slow calls make no fast lane. */
  #meanMs = Infinity
  #wake = Promise.withResolvers<void>()

  constructor(options: LaneOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#slots = options.slots
    this.#concurrency = options.slots
  }

  get runId(): string {
    return this.#options.plan.runId
  }

  get lease(): string {
    return this.#options.lease
  }

  get slots(): number {
    return this.#slots
  }

  /** Items claimed and begun, results not handed over yet. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Items in flight that may not call their endpoint yet. They use none of the process's slots. */
  get waiting(): number {
    return this.#waiting
  }

  /** Changes how many items run at once; with 0 the lane ends. */
  resize(slots: number): void {
    this.#slots = slots
    if (slots === 0) this.drain()
    this.#wake.resolve()
  }

  /** Claims nothing more and ends when its calls in flight have ended. */
  drain(): void {
    this.#stopping = true
    this.#closing.abort()
    this.#wake.resolve()
  }

  /** Ends now: aborts the calls in flight. */
  interrupt(reason: Interruption['reason']): void {
    this.#abort.abort(new Interruption(reason))
    this.drain()
  }

  /** Runs until nothing is left for it (`DONE`) or until it had to stop before (`STOPPED`). Does not reject. */
  async run(): Promise<'DONE' | 'STOPPED'> {
    try {
      return await this.#work()
    } finally {
      this.#cancelRest?.()
    }
  }

  async #work(): Promise<'DONE' | 'STOPPED'> {
    for (;;) {
      while (this.#ready.length > 0 && this.#inFlight.size < this.#slots && !this.#stopping) {
        const item = this.#ready.shift()
        if (item) void this.#execute(item)
      }
      if (this.#stopping) {
        this.#giveBack()
        if (this.#inFlight.size === 0 && !this.#claiming) return 'STOPPED'
      } else if (this.#wantsMore()) {
        void this.#claim()
      } else if (this.#left === 0 && this.#ready.length === 0 && this.#inFlight.size === 0 && !this.#claiming) {
        return 'DONE'
      }
      await this.#wake.promise
      this.#wake = Promise.withResolvers()
    }
  }

  #rest(ms: number): void {
    this.#cancelRest = this.#clock.after(ms, () => {
      this.#cancelRest = null
      this.#wake.resolve()
    })
  }

  #chunk(): number {
    const ahead = (this.#slots / this.#meanMs) * chunkMs
    // The end of a run is shared: nobody has items in store while others have nothing to do.
    const share = this.#left * (this.#slots / this.#concurrency)
    return Math.min(Math.max(this.#slots, Math.ceil(Math.min(ahead, share))), maxChunk)
  }

  #wantsMore(): boolean {
    if (this.#claiming || this.#left === 0 || this.#cancelRest) return false
    const free = this.#slots - this.#inFlight.size
    const chunk = this.#chunk()
    // Slow items are claimed one slot at a time; fast ones a chunk ahead of need.
    return chunk > this.#slots ? this.#ready.length < chunk / 2 : this.#ready.length < free
  }

  async #claim(): Promise<void> {
    this.#claiming = true
    this.#gaveBack = false
    const { plan, recorder, lease, cached } = this.#options
    const chunk = this.#chunk()
    const limit = chunk > this.#slots ? chunk : this.#slots - this.#inFlight.size - this.#ready.length
    const claim = await recorder.claim(lease, limit, () => [
      ...this.#inFlight,
      ...this.#ready.map((item) => item.ordinal),
    ])
    if (claim && plan.cacheKey && claim.items.length > 0) {
      for (const [ordinal, entry] of await cached(claim.items)) this.#cached.set(ordinal, entry)
    }
    this.#claiming = false
    if (claim) this.#take(claim)
    else this.interrupt('LEASE_LOST')
    this.#wake.resolve()
  }

  #take({ items, status, queued, concurrency, dueMs }: Claim): void {
    this.#ready.push(...items)
    this.#left = isFinished(status) ? 0 : Math.max(queued, this.#gaveBack ? 1 : 0)
    this.#concurrency = concurrency
    if (isFinished(status)) this.interrupt('RUN_ENDED')
    if (items.length === 0) this.#rest(Math.min(Math.max(dueMs ?? budgetRestMs, 1), maxRestMs))
  }

  async #execute(item: ClaimedItem): Promise<void> {
    const { plan, recorder, log } = this.#options
    this.#inFlight.add(item.ordinal)
    const cached = this.#cached.get(item.ordinal) ?? null
    this.#cached.delete(item.ordinal)
    const startedAt = this.#clock.now()
    const result = await this.#attempt(item, cached)
    const ms = Math.max(this.#clock.now() - startedAt, 0.1)
    this.#meanMs = this.#meanMs === Infinity ? ms : this.#meanMs + (ms - this.#meanMs) / 16
    const { status, error, attempts, traceId } = result.item
    if (error) {
      const { ordinal, itemId } = item
      log.debug({ runId: plan.runId, ordinal, itemId, attempts, status, traceId, error }, 'item: an attempt failed')
    }
    if (status === 'QUEUED') {
      // It may be claimed again, so the lane must not end before it asked.
      this.#left = Math.max(this.#left, 1)
      this.#gaveBack = true
    }
    await recorder.record(result)
    this.#inFlight.delete(item.ordinal)
    this.#wake.resolve()
  }

  /** Waits for the endpoint before it takes a slot: an item that may not call yet is in no other run's way. */
  async #attempt(item: ClaimedItem, cached: CacheEntry | null): Promise<ItemResult> {
    const { plan, pool, tracing } = this.#options
    const clock = this.#clock
    const random = this.#random
    const { signal } = this.#abort
    for (;;) {
      const permit = cached?.response ? noCall : await this.#permit()
      if (!permit) return released(item)
      await pool.acquire(plan.runId)
      try {
        if (signal.aborted) return released(item)
        // The endpoint may have been paused while the slot was waited for.
        if (permit.isValid()) return await executeItem({ plan, item, cached, permit, signal, tracing, clock, random })
      } finally {
        permit.release()
        pool.release(plan.runId)
      }
    }
  }

  async #permit(): Promise<Permit | null> {
    this.#waiting += 1
    try {
      return await this.#options.limits.acquire(this.#options.plan, this.#closing.signal)
    } finally {
      this.#waiting -= 1
    }
  }

  #giveBack(): void {
    for (const item of this.#ready.splice(0)) void this.#options.recorder.record(released(item))
  }
}
