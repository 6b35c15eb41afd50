/**
 * One lane of a run: executes up to `slots` items at once, claims them in chunks and passes the results to the
 * recorder. It ends when the run has no more items for it, when the run is finished, or when it is stopped; by then it
 * has recorded or released everything it claimed.
 *
 * The loop waits for one promise, which every event that could change its next step resolves, timers included. It never
 * compares times, so it cannot miss a wake-up.
 */
import type { Logger } from 'pino'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { isFinished } from '../../domain/run.ts'
import type { Tracing } from '../../telemetry/tracing.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import type { Permit } from '../limits/permit.ts'
import { executeItem } from './execute-item.ts'
import { Interruption } from './interruption.ts'
import { ItemCalls } from './item-calls.ts'
import { type ItemResult, released } from './item-result.ts'
import type { Claim } from './ledger.ts'
import type { LiveTexts } from './live-texts.ts'
import type { Recorder } from './recorder.ts'
import type { CacheEntry } from './response-cache.ts'
import type { RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

export interface LaneOptions {
  plan: RunPlan
  lease: string
  slots: number
  recorder: Pick<Recorder, 'claim' | 'record'>
  /** The endpoint's limits, shared by all runs that call it. */
  limits: Pick<EndpointLimits, 'acquire'>
  /** The process's slots, shared by the lanes of all runs. */
  pool: Slots
  /** What models write, for tasks whose output can be followed. */
  texts: Pick<LiveTexts, 'begin'>
  /** Cache entries by ordinal; called only for runs that use the cache. */
  cached: (items: readonly ClaimedItem[]) => Promise<Map<number, CacheEntry>>
  tracing: Tracing
  log: Logger
  /** Default: the system's. */
  clock?: Clock
  /** Uniform in [0, 1); default Math.random. */
  random?: () => number
}

/** About this much work is claimed ahead: items do not wait for claims, and slow ones are not hoarded. */
const aheadMs = 400
const maxChunk = 250
/** The longest pause after an empty claim: other lanes may requeue items. */
const maxPauseMs = 1_000
/** The pause when the run has items but its budget does not cover another call yet. */
const budgetPauseMs = 100

export class Lane {
  readonly #options: LaneOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #abort = new AbortController()
  /** Aborted when the lane starts no more items. */
  readonly #closing = new AbortController()
  #waiting = 0
  readonly #ready: ClaimedItem[] = []
  readonly #cached = new Map<number, CacheEntry>()
  readonly #inFlight = new Set<number>()
  #slots: number
  #claiming = false
  /** Cancels the timer that ends the pause after an empty claim; null while there is none. */
  #cancelPause: (() => void) | null = null
  /** The run's queued items as of the last claim; at least 1 if this lane has requeued an item since. */
  #left = Infinity
  /** This lane has requeued an item since it sent the last claim, whose answer may not count that item. */
  #requeued = false
  /** The concurrency of the whole run, as of the last claim. */
  #concurrency: number
  #stopping = false
  /**
   * Moving average of the last durations. A mean of rates would let a few quick failures make a slow lane look fast.
   */
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

  /** Items started whose results the recorder does not have yet. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Items in flight that wait for a permit of their endpoint. They use none of the process's slots. */
  get waiting(): number {
    return this.#waiting
  }

  /** Sets how many items run at once; 0 ends the lane. */
  resize(slots: number): void {
    this.#slots = slots
    if (slots === 0) this.drain()
    this.#wake.resolve()
  }

  /** Claims nothing more, and ends when its calls in flight have. */
  drain(): void {
    this.#stopping = true
    this.#closing.abort()
    this.#wake.resolve()
  }

  /** Aborts the calls in flight and ends. */
  interrupt(reason: Interruption['reason']): void {
    this.#abort.abort(new Interruption(reason))
    this.drain()
  }

  /** Runs until the run has no more items for it (`DONE`), or until it is stopped (`STOPPED`). Never rejects. */
  async run(): Promise<'DONE' | 'STOPPED'> {
    try {
      return await this.#work()
    } finally {
      this.#cancelPause?.()
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

  #pause(ms: number): void {
    this.#cancelPause = this.#clock.after(ms, () => {
      this.#cancelPause = null
      this.#wake.resolve()
    })
  }

  /** How many items are to be ready while all slots are in use. */
  #ahead(): number {
    // At the end of a run no lane hoards items while others are idle.
    return this.#share() > this.#slots ? Math.round((this.#slots / this.#meanMs) * aheadMs) : 0
  }

  /** Of the run's queued items. */
  #share(): number {
    return this.#left * (this.#slots / this.#concurrency)
  }

  #wantsMore(): boolean {
    if (this.#claiming || this.#left === 0 || this.#cancelPause) return false
    const free = this.#slots - this.#inFlight.size
    // Half of what is to be ready at once, instead of each item by itself.
    return this.#ready.length < free + Math.min(this.#ahead(), maxChunk) / 2
  }

  async #claim(): Promise<void> {
    this.#claiming = true
    this.#requeued = false
    const { plan, recorder, lease, cached } = this.#options
    const needed = this.#slots - this.#inFlight.size - this.#ready.length
    const limit = Math.max(needed, Math.min(needed + this.#ahead(), Math.ceil(this.#share()), maxChunk))
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
    this.#left = isFinished(status) ? 0 : Math.max(queued, this.#requeued ? 1 : 0)
    this.#concurrency = concurrency
    if (isFinished(status)) this.interrupt('RUN_ENDED')
    if (items.length === 0) this.#pause(Math.min(Math.max(dueMs ?? budgetPauseMs, 1), maxPauseMs))
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
    const { status, error, traceId } = result.item
    if (error) {
      const ids = {
        runId: encodeGlobalId('Run', plan.runId),
        runItemId: encodeGlobalId('RunItem', `${plan.runId}:${item.ordinal}`),
        itemId: encodeGlobalId('DatasetItem', item.itemId),
      }
      log.debug({ ...ids, attempt: item.attempts, status, traceId, error }, 'item: an attempt failed')
    }
    if (status === 'QUEUED') {
      // The item can be claimed again, so the lane must not end without another claim.
      this.#left = Math.max(this.#left, 1)
      this.#requeued = true
    }
    await recorder.record(result)
    this.#inFlight.delete(item.ordinal)
    this.#wake.resolve()
  }

  async #attempt(item: ClaimedItem, cached: CacheEntry | null): Promise<ItemResult> {
    const { plan, pool, texts, tracing } = this.#options
    const clock = this.#clock
    const { signal } = this.#abort
    const acquire = (closing: AbortSignal) => this.#permit(closing)
    const calls = new ItemCalls({ runId: plan.runId, acquire, pool, signal, clock })
    try {
      const isCalled = !cached?.response && !item.recorded
      if (!(await calls.start(this.#closing.signal, isCalled))) return released(item)
      return await executeItem({ plan, item, cached, calls, signal, texts, tracing, clock, random: this.#random })
    } finally {
      calls.finish()
    }
  }

  async #permit(signal: AbortSignal): Promise<Permit | null> {
    this.#waiting += 1
    try {
      return await this.#options.limits.acquire(this.#options.plan, signal)
    } finally {
      this.#waiting -= 1
    }
  }

  #giveBack(): void {
    for (const item of this.#ready.splice(0)) void this.#options.recorder.record(released(item))
  }
}
