/**
 * The one writer of a run in a process: claims items for its lanes and writes down how they ended.
 *
 * Everything asked for while a transaction is under way goes into the next one, so the load decides the size of the
 * batches. Each is ONE transaction that first takes the run's row: items under the lease they were claimed with,
 * scores, counters, sums, `seq` and the NOTIFY move together or not at all. A call may happen twice; a result is
 * recorded once.
 */
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { codeOf } from '../../domain/errors.ts'
import type { RunStatus } from '../../domain/run.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { countRetries, type ItemResult, unstorable } from './item-result.ts'
import type { Claim, ClaimRequest, WriteLedger } from './ledger.ts'

interface PendingClaim extends ClaimRequest {
  /** Ordinals the lane still has. */
  known: () => number[]
  /** Results handed over before it. Among them may be items that go back to the queue: the answer counts them. */
  after: number
  resolve: (claim: Claim | null) => void
}

export interface RecorderOptions {
  runId: string
  /** Writes one batch, in one transaction. */
  write: WriteLedger
  log: Logger
  metrics: Pick<Metrics, 'flushed' | 'flushFailures'>
  /** Called with the run's status after every transaction. */
  onStatus: (status: RunStatus) => void
  /** Default: the system's. */
  clock?: Clock
}

/** Results of one flush, at most. */
const maxBatch = 500
/** The first result waits this long for others, unless… */
const flushAfterMs = 25
/** …there are this many. */
const flushAtResults = 100
/** Lanes wait while more results than this are unwritten. */
const maxBacklog = 2_000
const retryAfterErrorMs = [50, 100, 250, 500, 1_000]

export class Recorder {
  readonly #options: RecorderOptions
  readonly #clock: Clock
  #results: ItemResult[] = []
  #claims: PendingClaim[] = []
  /** The flush that is due next. */
  #scheduled: { delayMs: number; cancel: () => void } | null = null
  #flushing = false
  /** Resolved at the end of every flush. */
  #nextFlush = Promise.withResolvers<void>()
  #drained: PromiseWithResolvers<void> | null = null
  #handedOver = 0
  #written = 0
  #abandoned = false
  #writing = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Results that were handed over and are in no finished transaction. */
  get unwritten(): number {
    return this.#results.length + this.#writing
  }

  /**
   * Up to `limit` items under the lease. Resolves as soon as they are durably claimed; waits out a database that is away.
   * Null when the lane has lost its lease.
   */
  claim(lease: string, limit: number, known: () => number[]): Promise<Claim | null> {
    return new Promise((resolve) => {
      this.#claims.push({ lease, limit, known, after: this.#handedOver, resolve })
      this.#flushSoon(0)
    })
  }

  /** Hands over a result. The promise is only backpressure: it resolves at once unless too many are unwritten. */
  record(result: ItemResult): Promise<void> {
    this.#results.push(result)
    this.#handedOver += 1
    this.#flushSoon(this.#results.length >= flushAtResults ? 0 : flushAfterMs)
    if (this.#results.length < maxBacklog) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Resolves when everything handed over so far is written. */
  async flushed(): Promise<void> {
    const all = this.#handedOver
    while (!this.#abandoned && this.#written < all) {
      this.#flushSoon(0)
      await this.#nextFlush.promise
    }
  }

  /** Gives up what is unwritten: for a process that must end while the database is away. Its leases run out. */
  abandon(): void {
    this.#abandoned = true
  }

  #flushSoon(delayMs: number): void {
    if (this.#flushing) return
    if (this.#scheduled) {
      if (this.#scheduled.delayMs <= delayMs) return
      this.#scheduled.cancel()
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#scheduled = null
      void this.#flush()
    })
    this.#scheduled = { delayMs, cancel }
  }

  async #flush(): Promise<void> {
    this.#flushing = true
    const results = this.#results.splice(0, maxBatch)
    const waiting = this.#claims.findIndex(({ after }) => after > this.#written + results.length)
    const claims = this.#claims.splice(0, waiting === -1 ? this.#claims.length : waiting)
    if (this.#results.length < maxBacklog) {
      this.#drained?.resolve()
      this.#drained = null
    }
    this.#writing = results.length
    await this.#store(results, claims)
    this.#written += results.length
    this.#writing = 0
    this.#flushing = false
    this.#nextFlush.resolve()
    this.#nextFlush = Promise.withResolvers()
    if (this.#claims.length > 0 || this.#results.length >= flushAtResults) this.#flushSoon(0)
    else if (this.#results.length > 0) this.#flushSoon(flushAfterMs)
  }

  /** Writes until it is written: waits for a database that is away, and takes apart a batch that it refuses. */
  async #store(results: ItemResult[], claims: PendingClaim[], failed = 0): Promise<void> {
    const { runId, write, log, metrics, onStatus } = this.#options
    for (let failures = failed; !this.#abandoned; failures += 1) {
      const startedAt = this.#clock.now()
      try {
        // A transaction that failed may have been committed all the same: then items are claimed that no lane knows of.
        const uncertain =
          failures > 0 ? claims.map(({ lease, known }) => ({ lease, known: this.#unwritten(known()) })) : []
        const { status, answers, ended } = await write(results, claims, uncertain)
        const seconds = (this.#clock.now() - startedAt) / 1_000
        metrics.flushed({ seconds, results: results.length, retries: countRetries(results), ended })
        for (const [index, answer] of answers.entries()) claims[index]?.resolve(answer)
        onStatus(status)
        return
      } catch (error) {
        metrics.flushFailures.inc()
        if (isRefusal(error) && results.length > 1) {
          const half = results.length >> 1
          await this.#store(results.slice(0, half), [])
          return this.#store(results.slice(half), claims, failures)
        }
        if (isRefusal(error) && results[0]) return this.#store([unstorable(results[0], error)], claims, failures)
        const delayMs = retryAfterErrorMs[Math.min(failures, retryAfterErrorMs.length - 1)] ?? 0
        log.warn({ runId, err: error, delayMs }, 'recorder: could not write, trying again')
        await new Promise<void>((resolve) => this.#clock.after(delayMs, resolve))
      }
    }
    for (const { resolve } of claims) resolve(null)
  }

  #unwritten(known: number[]): number[] {
    return [...known, ...this.#results.map((result) => result.item.ordinal)]
  }
}

/**
 * Whether a batch cannot be stored, rather than the database being in trouble: the database refuses it (SQLSTATE classes
 * 22, 23 and 54), or it is too long to become a statement in JavaScript.
 */
function isRefusal(error: unknown): error is Error {
  if (error instanceof RangeError) return true
  return /^(22|23|54)...$/.test(codeOf(error) ?? '')
}
