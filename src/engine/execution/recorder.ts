/**
 * The one writer of a run in a process: gives its lanes items and writes down how they ended.
 *
 * Everything asked for while a transaction is under way goes into the next one, so the load decides the size of the
 * batches. Each is ONE transaction that first takes the run's row: items under the lease they were claimed with,
 * scores, counters, sums, `seq` and the NOTIFY move together or not at all. A call may happen twice; a result is
 * recorded once.
 */
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import type { RunStatus } from '../../domain/run.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { countRetries, type ItemResult, unstorable } from './item-result.ts'
import { type Claim, type ClaimRequest, writeLedger } from './ledger.ts'

interface PendingClaim extends ClaimRequest {
  /** Ordinals the lane still has. */
  known: () => number[]
  resolve: (claim: Claim | null) => void
}

export interface RecorderOptions {
  db: Database
  runId: string
  log: Logger
  metrics: Metrics
  /** Told of the run's state after every transaction. */
  onStatus: (status: RunStatus) => void
}

/** A flush takes at most so many results… */
const batchSize = 500
/** …and waits at most so long for the first of them to have company. */
const flushAfterMs = 25
const flushAtResults = 100
/** Lanes wait when so many results are unwritten. */
const backlogLimit = 2_000
const retryAfterErrorMs = [50, 100, 250, 500, 1_000]

export class Recorder {
  readonly #options: RecorderOptions
  #results: ItemResult[] = []
  #claims: PendingClaim[] = []
  #timer: NodeJS.Timeout | null = null
  #flushing: Promise<void> | null = null
  #drained: PromiseWithResolvers<void> | null = null
  #handedOver = 0
  #written = 0
  #abandoned = false
  #writing = 0

  constructor(options: RecorderOptions) {
    this.#options = options
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
      this.#claims.push({ lease, limit, known, resolve })
      this.#flushSoon(0)
    })
  }

  /** Hands over a result. The promise is only backpressure: it resolves at once unless too many are unwritten. */
  record(result: ItemResult): Promise<void> {
    this.#results.push(result)
    this.#handedOver += 1
    this.#flushSoon(this.#results.length >= flushAtResults ? 0 : flushAfterMs)
    if (this.#results.length < backlogLimit) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Resolves when everything handed over so far is written. */
  async flushed(): Promise<void> {
    const all = this.#handedOver
    while (!this.#abandoned && this.#written < all) {
      this.#flushSoon(0)
      await (this.#flushing ?? new Promise((resolve) => setImmediate(resolve)))
    }
  }

  /** Gives up what is unwritten: for a process that must end while the database is away. Its leases run out. */
  abandon(): void {
    this.#abandoned = true
  }

  #flushSoon(delayMs: number): void {
    if (this.#flushing) return
    if (this.#timer) {
      if (delayMs > 0) return
      clearTimeout(this.#timer)
    }
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = null
        if (this.#claims.length > 0 || this.#results.length >= flushAtResults) this.#flushSoon(0)
        else if (this.#results.length > 0) this.#flushSoon(flushAfterMs)
      })
    }, delayMs)
  }

  async #flush(): Promise<void> {
    const results = this.#results.splice(0, batchSize)
    const claims = this.#claims.splice(0)
    if (this.#results.length < backlogLimit) {
      this.#drained?.resolve()
      this.#drained = null
    }
    this.#writing = results.length
    await this.#store(results, claims)
    this.#written += results.length
    this.#writing = 0
  }

  /** Writes until it is written: waits for a database that is away, and takes apart a batch that it refuses. */
  async #store(results: ItemResult[], claims: PendingClaim[]): Promise<void> {
    const { db, runId, log, metrics, onStatus } = this.#options
    for (let failures = 0; !this.#abandoned; failures += 1) {
      const startedAt = performance.now()
      try {
        // A transaction that failed may have been committed all the same: its claims stand there, and nobody knows.
        const uncertain =
          failures > 0 ? claims.map(({ lease, known }) => ({ lease, known: this.#unwritten(known()) })) : []
        const { status, answers, ended } = await writeLedger(db, runId, results, claims, uncertain)
        const seconds = (performance.now() - startedAt) / 1_000
        metrics.flushed({ seconds, results: results.length, retries: countRetries(results), ended })
        for (const [index, answer] of answers.entries()) claims[index]?.resolve(answer)
        onStatus(status)
        return
      } catch (error) {
        metrics.flushFailures.inc()
        if (isRefusal(error) && results.length > 1) {
          const half = results.length >> 1
          await this.#store(results.slice(0, half), [])
          return this.#store(results.slice(half), claims)
        }
        if (isRefusal(error) && results[0]) return this.#store([unstorable(results[0], error)], claims)
        const delayMs = retryAfterErrorMs[Math.min(failures, retryAfterErrorMs.length - 1)]
        log.warn({ runId, err: error, delayMs }, 'recorder: could not write, trying again')
        await new Promise((resolve) => setTimeout(resolve, delayMs))
      }
    }
    for (const { resolve } of claims) resolve(null)
  }

  #unwritten(known: number[]): number[] {
    return [...known, ...this.#results.map((result) => result.item.ordinal)]
  }
}

/**
 * Whether what was given cannot be stored, rather than the database being in trouble: it refuses it (SQLSTATE classes
 * 22, 23 and 54), or it does not even make a statement (a text too long for JavaScript).
 */
function isRefusal(error: unknown): error is Error {
  if (error instanceof RangeError) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(22|23|54)...$/.test(code)
}
