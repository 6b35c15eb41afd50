/**
 * One process's share of a run: claims items, executes them and records the results in batches, until the run has
 * finished. Claims, results and renewals go on side by side, each kind one request at a time. While the server cannot
 * be reached, what is claimed is executed, and its results wait.
 */
import { payloadOf } from '../answers.ts'
import { RefusedError } from '../errors.ts'
import type { RunStatus } from '../gql/graphql.ts'
import { ClaimRunItems, RecordRunItems, ReleaseRunLease, RenewRunLease } from '../operations/execution.ts'
import { ClaimSize } from './claim-size.ts'
import type { ClientLaneOptions } from './client-lane-options.ts'
import { type Claim, type ClaimedItem, type Held, ReadyItems } from './ready-items.ts'
import { ResultBatches } from './result-batches.ts'

type LaneState = Claim['lane']

const renewMs = 1_000
const flushAfterMs = 25
/** How long results are tried to be recorded after an abort. */
const lastRecordMs = 5_000
const flushAtResults = 100

export class ClientLane {
  readonly #options: ClientLaneOptions
  readonly #leaseMs: number
  readonly #abort = new AbortController()
  readonly #claimSize = new ClaimSize()
  readonly #results = new ResultBatches()
  readonly #ready: ReadyItems
  readonly #held = new Map<string, Held>()
  readonly #inFlight = new Set<string>()
  /** Aborted when this process's part has been over for so long that nothing is recorded any more. */
  readonly #giveUp = new AbortController()
  readonly #stop = new AbortController()
  #lease: string | null = null
  #concurrency = 0
  #status: RunStatus = 'RUNNING'
  #claiming = false
  #recording = false
  #flushDue = false
  #paused = false
  #answeredAt = 0
  #error: unknown
  #failed = false
  #wake: () => void = () => {}

  constructor(options: ClientLaneOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? 15_000
    this.#ready = new ReadyItems(options.transport.clock, this.#abort.signal, () => this.#wake())
  }

  /**
   * Executes items until the run has finished.
   * @returns the status of the run
   * @throws {RefusedError | ConnectionError} the server refused something, or is gone; `signal.reason` once aborted.
   *   What is recorded stays, the rest goes back to the queue.
   */
  async run(): Promise<RunStatus> {
    const { signal } = this.#options
    const onAbort = () => this.#fail(signal?.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    const renewals = this.#renew(this.#stop.signal)
    try {
      await this.#work()
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#stop.abort()
      await renewals
      await this.#release()
    }
    if (this.#failed) throw this.#error
    return this.#status
  }

  get #ended(): boolean {
    return this.#failed || !(this.#status === 'QUEUED' || this.#status === 'RUNNING')
  }

  get #limit(): number {
    return Math.min(this.#options.maxConcurrency, this.#concurrency)
  }

  async #work(): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      if (this.#ended) this.#dropReady()
      this.#startItems()
      const flush = this.#results.size >= flushAtResults || this.#flushDue || this.#ended
      if (flush && this.#results.size > 0 && !this.#recording) void this.#record()
      const idle = this.#inFlight.size === 0 && !this.#claiming && !this.#recording
      if (this.#ended && idle && this.#results.size === 0) return
      if (!this.#ended && this.#wantsMore()) void this.#claim()
      await woken
    }
  }

  #startItems(): void {
    while (this.#inFlight.size < this.#limit) {
      const next = this.#ready.next()
      if (!next) return
      void this.#execute(next)
    }
  }

  #wantsMore(): boolean {
    if (this.#claiming || this.#paused) return false
    if (this.#lease === null) return true
    const chunk = this.#claimSize.next(this.#limit)
    // Slow items are claimed as slots become free, fast ones a chunk ahead.
    const free = this.#limit - this.#inFlight.size
    return chunk > this.#limit ? this.#ready.size < chunk / 2 : this.#ready.size < Math.max(free, 0)
  }

  async #claim(): Promise<void> {
    this.#claiming = true
    const chunk = this.#claimSize.next(this.#limit)
    const { transport, runId } = this.#options
    const free = this.#limit - this.#inFlight.size - this.#ready.size
    const limit = this.#lease === null ? this.#options.maxConcurrency : chunk > this.#limit ? chunk : Math.max(1, free)
    const input = { runId, lease: this.#lease, limit, leaseMs: this.#leaseMs }
    let repeated = false
    try {
      const options = {
        signal: this.#abort.signal,
        // The answer of the failed request may have had items.
        onRepeat: () => {
          repeated = true
        },
      }
      let claim = payloadOf((await transport.request(ClaimRunItems, { input }, options)).claimRunItems)
      if (repeated) {
        this.#obey(claim.lane)
        for (const item of claim.items) this.#take(item)
        const holdingIds = [...this.#held.keys()]
        const again = { ...input, lease: claim.lane.lease, holdingIds }
        claim = payloadOf((await transport.request(ClaimRunItems, { input: again }, options)).claimRunItems)
      }
      this.#obey(claim.lane)
      for (const item of claim.items) this.#take(item)
      this.#claimSize.came(claim.items)
      if (claim.retryAfterMs !== null) this.#pause(claim.retryAfterMs)
      else if (claim.items.length < limit) this.#pause(flushAfterMs)
    } catch (error) {
      // A result may have ended the run meanwhile.
      if (!this.#ended) this.#fail(error)
    }
    this.#claiming = false
    this.#wake()
  }

  /** An item that this process has already is not started again: it had it under a lease that it lost. */
  #take(item: ClaimedItem): void {
    const known = this.#held.get(item.runItemId)
    if (known) {
      known.item = item
      return
    }
    this.#held.set(item.runItemId, this.#ready.add(item))
  }

  #dropReady(): void {
    for (const { item } of this.#ready.clear()) this.#held.delete(item.runItemId)
  }

  async #execute(held: Held): Promise<void> {
    const { item } = held
    this.#inFlight.add(item.runItemId)
    const startedAt = performance.now()
    try {
      const result = await this.#options.execute(item, this.#abort.signal)
      this.#claimSize.took(performance.now() - startedAt)
      this.#results.add(item.runItemId, result)
      this.#flushSoon()
    } catch (error) {
      this.#held.delete(item.runItemId)
      // Aborted: the server gives the item to somebody else.
      if (!this.#abort.signal.aborted) this.#fail(error)
    }
    this.#inFlight.delete(item.runItemId)
    this.#wake()
  }

  #flushSoon(): void {
    if (this.#flushDue || this.#recording) return
    const { clock } = this.#options.transport
    void clock.sleep(flushAfterMs, this.#abort.signal).then(() => {
      this.#flushDue = this.#results.size > 0
      this.#wake()
    })
  }

  async #record(): Promise<void> {
    this.#recording = true
    this.#flushDue = false
    const { transport, runId, onOutcome } = this.#options
    const batch = this.#results.take()
    try {
      const results = batch.map(([runItemId, result]) => {
        return { ...result, runItemId, attempt: this.#held.get(runItemId)?.item.attempt ?? 1 }
      })
      const lease = this.#lease
      const input = { runId, lease: lease ?? '0', leaseMs: this.#leaseMs, results }
      const options = { signal: this.#giveUp.signal }
      const { lane, outcomes } = payloadOf((await transport.request(RecordRunItems, { input }, options)).recordRunItems)
      this.#obey(lane, lease)
      for (const [index, [runItemId, result]] of batch.entries()) {
        const held = this.#held.get(runItemId)
        const outcome = outcomes[index] ?? 'LOST'
        const claimed = held?.item.attempt !== results[index]?.attempt
        // The next attempt: the failure was recorded, by this request or one whose answer was lost.
        if (held && claimed && !this.#ended && (outcome === 'RETRY' || result.error?.retryable)) {
          this.#held.set(runItemId, this.#ready.add(held.item))
          continue
        }
        // Perhaps this process has it, by a claim that was answered meanwhile or still is.
        const perhaps = claimed || this.#claiming || this.#lease !== lease
        if (held && outcome === 'LOST' && perhaps && !this.#ended) {
          this.#results.add(runItemId, result)
          continue
        }
        this.#held.delete(runItemId)
        if (held) onOutcome(held.item, outcome, result)
      }
    } catch (error) {
      if (!this.#results.refuse(batch, error)) this.#fail(error)
    }
    this.#recording = false
    if (this.#results.size > 0) this.#flushDue = true
    this.#wake()
  }

  /** @param sent the lease of the request; another may have come meanwhile, with items that only it has */
  #obey({ lease, concurrency, status }: LaneState, sent = this.#lease): void {
    this.#answeredAt = performance.now()
    this.#status = status
    if (this.#ended) this.#abort.abort(new DOMException('The run has finished.', 'AbortError'))
    if (this.#lease !== sent) return
    // What waits under a lost lease went back to the queue.
    if (this.#lease !== null && lease !== this.#lease) this.#dropReady()
    this.#lease = lease
    if (lease !== null) this.#concurrency = concurrency
  }

  #pause(ms: number): void {
    this.#paused = true
    void this.#options.transport.clock.sleep(ms, this.#abort.signal).then(() => {
      this.#paused = false
      this.#wake()
    })
  }

  async #renew(stop: AbortSignal): Promise<void> {
    const { transport, runId, onRun } = this.#options
    for (;;) {
      await transport.clock.sleep(renewMs, stop)
      if (stop.aborted) return
      if (this.#lease === null || performance.now() - this.#answeredAt < renewMs / 2) continue
      try {
        const lease = this.#lease
        const input = { runId, lease, leaseMs: this.#leaseMs }
        const answer = await transport.request(RenewRunLease, { input }, { signal: stop })
        const { lane } = payloadOf(answer.renewRunLease)
        this.#obey(lane, lease)
        onRun?.(lane.run.progress)
      } catch (error) {
        if (!stop.aborted && !this.#ended) this.#fail(error)
      }
      this.#wake()
    }
  }

  async #release(): Promise<void> {
    const { transport, runId } = this.#options
    if (this.#lease === null || this.#giveUp.signal.aborted) return
    const input = { runId, lease: this.#lease }
    await transport
      .request(ReleaseRunLease, { input }, { signal: AbortSignal.timeout(lastRecordMs) })
      // It expires, then.
      .catch(() => {})
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
    this.#abort.abort(error)
    const { clock } = this.#options.transport
    void clock.sleep(lastRecordMs, this.#stop.signal).then(() => {
      if (!this.#stop.signal.aborted) this.#giveUp.abort(error)
    })
    // Results are recorded as long as the server takes them.
    if (!(error instanceof RefusedError) && this.#options.signal?.aborted !== true) this.#results.clear()
    this.#wake()
  }
}
