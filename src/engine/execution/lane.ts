/**
 * One lane of a run: executes up to `slots` items at once, or makes evaluations that are left of others, claims both in
 * chunks and passes the results to the recorder. It ends when the run has nothing more for it, when the run is finished,
 * or when it is stopped; by then it has recorded or released everything it claimed.
 *
 * The loop waits for one promise, which every event that could change its next step resolves, timers included. It never
 * compares times, so it cannot miss a wake-up.
 */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Claimed, HeldEvaluation } from '../../db/sql/evaluation/claim-evaluations.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { logFields, subjectOf } from '../../domain/execution/call-subject.ts'
import { isFinished } from '../../domain/run.ts'
import type { Tracing } from '../../telemetry/tracing.ts'
import type { EndpointLimits } from '../limits/endpoint-limits.ts'
import type { Claim, Held } from './claim.ts'
import { executeEvaluation, releasedEvaluation } from './evaluate-item.ts'
import { type Attempt, type Execution, executeItem } from './execute-item.ts'
import { Interruption } from './interruption.ts'
import { type EvaluationResult, type ItemResult, released } from './item-result.ts'
import { LaneCalls } from './lane-calls.ts'
import type { LiveTexts } from './live-texts.ts'
import { Pace } from './pace.ts'
import type { Recorder } from './recorder.ts'
import type { CacheEntry } from './response-cache.ts'
import type { RunPlan } from './run-plan.ts'
import type { Slots } from './slots.ts'

export interface LaneOptions {
  plan: RunPlan
  lease: string
  slots: number
  recorder: Pick<Recorder, 'claim' | 'record'>
  /** The limits of endpoints, shared by all runs that call them. */
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
  /** Resolves when everything else that is ready has had its turn; default: setImmediate. */
  turn?: () => Promise<void>
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
  readonly #abort = new AbortController()
  /** Aborted when the lane starts no more items. */
  readonly #closing = new AbortController()
  readonly #calls: LaneCalls
  readonly #context: Pick<Execution, 'signal' | 'tracing' | 'rightsOf' | 'random'>
  readonly #ready: ClaimedItem[] = []
  readonly #cached = new Map<number, CacheEntry>()
  readonly #readyEvaluations: Claimed[] = []
  readonly #inFlight = new Set<number>()
  /** Claimed evaluations in progress. Those that an item began with its own slot are counted with it. */
  #evaluating = 0
  /** Every evaluation under the lease. */
  readonly #evaluations = new Map<string, HeldEvaluation>()
  readonly #turn: () => Promise<void>
  #slots: number
  #claiming = false
  /** Cancels the timer that ends the pause after an empty claim; null while there is none. */
  #cancelPause: (() => void) | null = null
  /** What the run had to claim as of the last claim; at least 1 if this lane has requeued something since. */
  #left = Infinity
  /** This lane has requeued something since it sent the last claim, whose answer may not count that. */
  #requeued = false
  /** The concurrency of the whole run, as of the last claim. */
  #concurrency: number
  #stopping = false
  readonly #pace = new Pace()
  #wake = Promise.withResolvers<void>()

  constructor(options: LaneOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { signal } = this.#abort
    this.#calls = new LaneCalls({ ...options, signal, closing: this.#closing.signal, clock: this.#clock })
    const { tracing } = options
    this.#context = { signal, tracing, rightsOf: this.#calls.ofEvaluator, random: options.random ?? Math.random }
    this.#turn = options.turn ?? setImmediate
    this.#slots = options.slots
    this.#concurrency = options.slots
  }

  get lease(): string {
    return this.#options.lease
  }

  get slots(): number {
    return this.#slots
  }

  /** Items and evaluations started whose results the recorder does not have yet. */
  get inFlight(): number {
    return this.#inFlight.size + this.#evaluating
  }

  /** Calls in flight that wait for a permit of their endpoint. They use none of the process's slots. */
  get waiting(): number {
    return this.#calls.waiting
  }

  /** Sets how much runs at once; 0 ends the lane. */
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

  /** Runs until the run has nothing more for it (`DONE`), or until it is stopped (`STOPPED`). Never rejects. */
  async run(): Promise<'DONE' | 'STOPPED'> {
    try {
      return await this.#work()
    } finally {
      this.#cancelPause?.()
    }
  }

  async #work(): Promise<'DONE' | 'STOPPED'> {
    for (;;) {
      // The claim goes out before the items that are ready are executed, and while those are that end at once, the answers
      // of the database are read between any that can run at once: both work at the same time.
      if (!this.#stopping && this.#wantsMore()) void this.#claim()
      await this.#turn()
      while (this.#readyCount > 0 && this.inFlight < this.#slots && !this.#stopping) {
        const evaluation = this.#readyEvaluations.shift()
        const item = evaluation ? undefined : this.#ready.shift()
        if (evaluation) void this.#evaluate(evaluation)
        if (item) void this.#execute(item)
      }
      if (this.#stopping) {
        this.#giveBack()
        if (this.inFlight === 0 && !this.#claiming) return 'STOPPED'
      } else if (this.#left === 0 && this.#readyCount === 0 && this.inFlight === 0 && !this.#claiming) {
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

  get #readyCount(): number {
    return this.#ready.length + this.#readyEvaluations.length
  }

  /** How many items are to be ready while all slots are in use. */
  #ahead(): number {
    // At the end of a run no lane hoards items while others are idle.
    return this.#share() > this.#slots ? this.#pace.expected(this.#slots, aheadMs) : 0
  }

  /** Of the run's queued items. */
  #share(): number {
    return this.#left * (this.#slots / this.#concurrency)
  }

  #wantsMore(): boolean {
    if (this.#claiming || this.#left === 0 || this.#cancelPause) return false
    const free = this.#slots - this.inFlight
    // Half of what is to be ready at once, instead of each item by itself; of quick items one chunk while the next comes.
    return this.#readyCount < free + Math.min(this.#ahead() / 2, maxChunk)
  }

  async #claim(): Promise<void> {
    this.#claiming = true
    this.#requeued = false
    const { plan, recorder, lease, cached } = this.#options
    const needed = this.#slots - this.inFlight - this.#readyCount
    const limit = Math.max(needed, Math.min(needed + this.#ahead(), Math.ceil(this.#share()), maxChunk))
    const claim = await recorder.claim(lease, limit, () => this.#held())
    if (claim && plan.cacheKey && claim.items.length > 0) {
      for (const [ordinal, entry] of await cached(claim.items)) this.#cached.set(ordinal, entry)
    }
    this.#claiming = false
    if (claim) this.#take(claim)
    else this.interrupt('LEASE_LOST')
    this.#wake.resolve()
  }

  #held(): Held {
    const items = [...this.#inFlight, ...this.#ready.map((item) => item.ordinal)]
    return { items, evaluations: [...this.#evaluations.values()] }
  }

  #take({ items, evaluations, status, queued, concurrency, dueMs }: Claim): void {
    this.#ready.push(...items)
    this.#readyEvaluations.push(...evaluations)
    for (const evaluation of evaluations) this.#evaluations.set(keyOf(evaluation), evaluation)
    this.#left = isFinished(status) ? 0 : Math.max(queued, this.#requeued ? 1 : 0)
    this.#concurrency = concurrency
    if (isFinished(status)) this.interrupt('RUN_ENDED')
    if (items.length + evaluations.length === 0) this.#pause(Math.min(Math.max(dueMs ?? budgetPauseMs, 1), maxPauseMs))
  }

  async #execute(item: ClaimedItem): Promise<void> {
    this.#inFlight.add(item.ordinal)
    const startedAt = this.#clock.now()
    const { result, later } = await this.#attempt(item)
    this.#ended(item, result)
    await this.#options.recorder.record(result)
    if (later.length > 0) await Promise.all(later.map((end) => this.#end(end)))
    this.#pace.took(this.#clock.now() - startedAt)
    this.#inFlight.delete(item.ordinal)
    this.#wake.resolve()
  }

  #ended(item: ClaimedItem, { item: { status, error, traceId }, open = [] }: ItemResult): void {
    const { plan, log } = this.#options
    if (error) {
      const subject = logFields(subjectOf(plan.runId, item, item.attempts))
      log.debug({ ...subject, status, traceId, error }, 'item: an attempt failed')
    }
    for (const evaluation of open) {
      if (evaluation.lease === null) this.#hasRequeued()
      else this.#evaluations.set(keyOf(evaluation), evaluation)
    }
    if (status === 'QUEUED') this.#hasRequeued()
  }

  async #evaluate(claimed: Claimed): Promise<void> {
    this.#evaluating += 1
    const startedAt = this.#clock.now()
    await this.#end(executeEvaluation(this.#options.plan, claimed, this.#context))
    this.#pace.took(this.#clock.now() - startedAt)
    this.#evaluating -= 1
    this.#wake.resolve()
  }

  async #end(evaluation: Promise<EvaluationResult>): Promise<void> {
    const result = await evaluation
    if (result.evaluation.status === 'QUEUED') this.#hasRequeued()
    const recorded = this.#options.recorder.record(result)
    this.#evaluations.delete(keyOf(result.evaluation))
    await recorded
  }

  /** What went back to the queue can be claimed again, so the lane must not end without another claim. */
  #hasRequeued(): void {
    this.#left = Math.max(this.#left, 1)
    this.#requeued = true
  }

  async #attempt(item: ClaimedItem): Promise<Attempt> {
    const { plan, texts } = this.#options
    const cached = this.#takeCached(item.ordinal)
    const calls = this.#calls.ofTask()
    try {
      const isCalled = !cached?.response && !item.recorded
      if (!(await calls.start(this.#closing.signal, isCalled))) return { result: released(item), later: [] }
      return await executeItem({ plan, item, cached, calls, texts, clock: this.#clock, ...this.#context })
    } finally {
      calls.finish()
    }
  }

  #takeCached(ordinal: number): CacheEntry | null {
    const cached = this.#cached.get(ordinal) ?? null
    this.#cached.delete(ordinal)
    return cached
  }

  #giveBack(): void {
    const { recorder } = this.#options
    for (const item of this.#ready.splice(0)) void recorder.record(released(item))
    for (const evaluation of this.#readyEvaluations.splice(0)) {
      void recorder.record(releasedEvaluation(evaluation))
      this.#evaluations.delete(keyOf(evaluation))
    }
  }
}

function keyOf({ ordinal, evaluatorVersionId }: HeldEvaluation): string {
  return `${ordinal}:${evaluatorVersionId}`
}
