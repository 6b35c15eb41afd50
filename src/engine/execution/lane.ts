/**
 * One lane of a run: up to `slots` items at once, claimed in chunks and handed to the recorder as they end. It ends
 * when nothing of the run is left for it, when its run is over, or when it is told to stop; then nothing that it
 * claimed is left behind.
 */
import type { Logger } from 'pino'
import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { isFinished } from '../../domain/run.ts'
import type { Tracing } from '../../telemetry/tracing.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import { noCall, type Permit } from '../limits/permit.ts'
import { executeItem } from './execute-item.ts'
import { Interruption } from './interruption.ts'
import { type ItemResult, released } from './item-result.ts'
import type { Claim } from './ledger.ts'
import type { Recorder } from './recorder.ts'
import type { RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

export interface LaneOptions {
  plan: RunPlan
  lease: string
  slots: number
  recorder: Pick<Recorder, 'claim' | 'record'>
  /** What the endpoint may be asked, shared with all runs that call it. */
  limits: Pick<EndpointLimits, 'acquire'>
  /** The process' slots, shared with the lanes of other runs. */
  pool: Slots
  /** Responses of earlier calls by ordinal; asked only for runs that want them. */
  cached: (items: readonly ClaimedItem[]) => Promise<Map<number, CachedResponse>>
  tracing: Tracing
  log: Logger
  /** Milliseconds of a clock that does not go back; default performance.now. */
  now?: () => number
  random?: () => number
}

/** A chunk holds about so much work, so that fast items do not wait for claims and slow ones are not hoarded. */
const chunkMs = 250
const maxChunk = 250
/** Items that other lanes give back are looked for so often. */
const lookAgainMs = 1_000
/** A run that has items but may not begin them yet, for its budget, is asked again so often. */
const budgetMs = 100

export class Lane {
  readonly #options: LaneOptions
  readonly #abort = new AbortController()
  /** Aborted when the lane begins nothing more. */
  readonly #closing = new AbortController()
  #waiting = 0
  readonly #ready: ClaimedItem[] = []
  #cached = new Map<number, CachedResponse>()
  readonly #inFlight = new Set<number>()
  #slots: number
  #claiming = false
  /** The last claim brought nothing: do not ask again before then. */
  #idleUntil = 0
  #left = Infinity
  #stopping = false
  /** Of the last items, in milliseconds. The mean of times, not of rates: a few quick failures among slow calls make no fast lane. */
  #meanMs = Infinity
  #wake = Promise.withResolvers<void>()

  constructor(options: LaneOptions) {
    this.#options = options
    this.#slots = options.slots
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

  /** Items in flight that may not call their endpoint yet. They use none of the process' slots. */
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
      await this.#wait()
    }
  }

  #now(): number {
    return (this.#options.now ?? performance.now.bind(performance))()
  }

  async #wait(): Promise<void> {
    const idleMs = this.#idleUntil - this.#now()
    const timer = this.#left > 0 && idleMs > 0 ? setTimeout(() => this.#wake.resolve(), idleMs) : null
    await this.#wake.promise
    if (timer) clearTimeout(timer)
    this.#wake = Promise.withResolvers()
  }

  #chunk(): number {
    const ahead = (this.#slots / this.#meanMs) * chunkMs
    // The end of a run is shared: nobody has items in store while others have nothing to do.
    const share = this.#left * (this.#slots / this.#options.plan.settings.concurrency)
    return Math.min(Math.max(this.#slots, Math.ceil(Math.min(ahead, share))), maxChunk)
  }

  #wantsMore(): boolean {
    if (this.#claiming || this.#left === 0 || this.#now() < this.#idleUntil) return false
    const free = this.#slots - this.#inFlight.size
    const chunk = this.#chunk()
    // Slow items are claimed one slot at a time; fast ones a chunk ahead of need.
    return chunk > this.#slots ? this.#ready.length < chunk / 2 : this.#ready.length < free
  }

  async #claim(): Promise<void> {
    this.#claiming = true
    const { plan, recorder, lease, cached } = this.#options
    const chunk = this.#chunk()
    const limit = chunk > this.#slots ? chunk : this.#slots - this.#inFlight.size - this.#ready.length
    const claim = await recorder.claim(lease, limit, () => [
      ...this.#inFlight,
      ...this.#ready.map((item) => item.ordinal),
    ])
    if (claim && plan.cacheKey && claim.items.length > 0) {
      for (const [ordinal, response] of await cached(claim.items)) this.#cached.set(ordinal, response)
    }
    this.#claiming = false
    if (claim) this.#take(claim)
    else this.interrupt('LEASE_LOST')
    this.#wake.resolve()
  }

  #take({ items, status, queued, dueMs }: Claim): void {
    this.#ready.push(...items)
    this.#left = isFinished(status) ? 0 : queued
    if (isFinished(status)) this.interrupt('RUN_ENDED')
    if (items.length > 0) return
    this.#idleUntil = this.#now() + Math.min(Math.max(dueMs ?? budgetMs, 1), lookAgainMs)
  }

  async #execute(item: ClaimedItem): Promise<void> {
    const { plan, recorder, log } = this.#options
    this.#inFlight.add(item.ordinal)
    const cached = this.#cached.get(item.ordinal) ?? null
    this.#cached.delete(item.ordinal)
    const startedAt = this.#now()
    const result = await this.#attempt(item, cached)
    const ms = Math.max(this.#now() - startedAt, 0.1)
    this.#meanMs = this.#meanMs === Infinity ? ms : this.#meanMs + (ms - this.#meanMs) / 16
    const { status, error, attempts, traceId } = result.item
    if (error) {
      const { ordinal, itemId } = item
      log.debug({ runId: plan.runId, ordinal, itemId, attempts, status, traceId, error }, 'item: an attempt failed')
    }
    // What is queued again may be claimed again, so the lane must not end before it looked.
    if (result.item.status === 'QUEUED') this.#left = Math.max(this.#left, 1)
    await recorder.record(result)
    this.#inFlight.delete(item.ordinal)
    this.#wake.resolve()
  }

  /** Waits for the endpoint before it takes a slot: an item that may not call yet is in no other run's way. */
  async #attempt(item: ClaimedItem, cached: CachedResponse | null): Promise<ItemResult> {
    const { plan, pool, tracing, random = Math.random } = this.#options
    const { signal } = this.#abort
    for (;;) {
      const permit = cached ? noCall : await this.#permit()
      if (!permit) return released(item)
      await pool.acquire(plan.runId)
      try {
        if (signal.aborted) return released(item)
        // The endpoint may have been paused while the slot was waited for.
        if (permit.isValid()) return await executeItem({ plan, item, cached, permit, signal, tracing, random })
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
