/**
 * The only writer of a run's results in a process: claims items for its lanes and records how they ended.
 *
 * Requests that arrive during a transaction go into the next one, so batches grow with the load. Each batch is ONE
 * transaction that first locks the run's row: items under the lease they were claimed with, scores, counters, sums,
 * `seq` and the NOTIFY commit together or not at all. A call may happen twice; a result is recorded once.
 */
import type { Logger } from 'pino'
import type { HeldEvaluation } from '../../db/sql/evaluation/claim-evaluations.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { codeOf, messageOf } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { RunStatus } from '../../domain/run.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Claim, ClaimRequest, Held, WriteLedger, Written } from './claim.ts'
import { countRetries, isEvaluation, type LedgerResult, unstorable, unstorableScores } from './item-result.ts'

interface PendingClaim extends ClaimRequest {
  /** What the lane still has. */
  known: () => Held
  /** Results handed over before it. Among them may be items that go back to the queue: the answer counts them. */
  after: number
  resolve: (claim: Claim | null) => void
}

export interface RecorderOptions {
  runId: string
  /** Writes one batch in one transaction. */
  write: WriteLedger
  log: Logger
  metrics: Pick<Metrics, 'flushed' | 'flushFailures'>
  /** Called with the run's status after every transaction. */
  onStatus: (status: RunStatus) => void
  /** Called when it gives up: it writes and claims nothing more, so that its lanes have to go to somebody else. */
  onGivenUp: () => void
  /** Default: the system's. */
  clock?: Clock
}

/** The maximum of results per flush. */
const maxBatch = 500
/** A result is flushed after this delay, or as soon as `flushAtResults` are waiting. */
const flushAfterMs = 25
const flushAtResults = 100
/** Lanes wait while this many results are unwritten. */
const maxBacklog = 2_000
const retryAfterErrorMs = [50, 100, 250, 500, 1_000]
/** Failures in a row that are not the database's, after which it gives up. */
const maxFaults = 5

export class Recorder {
  readonly #options: RecorderOptions
  readonly #clock: Clock
  #results: LedgerResult[] = []
  #claims: PendingClaim[] = []
  #scheduled: { delayMs: number; cancel: () => void } | null = null
  #flushing = false
  /** Resolved at the end of every flush. */
  #nextFlush = Promise.withResolvers<void>()
  #drained: PromiseWithResolvers<void> | null = null
  #handedOver = 0
  #written = 0
  #abandoned = false
  /** The transaction that is waited for. */
  #transaction: PromiseWithResolvers<Written | null> | null = null
  #writing = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Results that are not committed yet. */
  get unwritten(): number {
    return this.#results.length + this.#writing
  }

  /**
   * Claims up to `limit` items and evaluations under the lease. Resolves when the claim is committed, and waits while the database is
   * unavailable. Null when the lane has lost its lease.
   */
  claim(lease: string, limit: number, known: () => Held): Promise<Claim | null> {
    return new Promise((resolve) => {
      this.#claims.push({ lease, limit, known, after: this.#handedOver, resolve })
      this.#flushSoon(0)
    })
  }

  /**
   * Queues a result. The promise is for backpressure only: it resolves at once unless too many results are unwritten.
   */
  record(result: LedgerResult): Promise<void> {
    this.#results.push(result)
    this.#handedOver += 1
    this.#flushSoon(this.#results.length >= flushAtResults ? 0 : flushAfterMs)
    if (this.#results.length < maxBacklog) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Resolves when everything recorded so far is committed, or dropped. */
  async flushed(): Promise<void> {
    const all = this.#handedOver
    while (!this.#abandoned && this.#written < all) {
      this.#flushSoon(0)
      await this.#nextFlush.promise
    }
  }

  /** Drops what is unwritten, for a process that must end while the database is unavailable. Its leases expire. */
  abandon(): void {
    this.#abandoned = true
    this.#transaction?.resolve(null)
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

  /**
   * Retries until everything is written: waits for an unavailable database, and splits a batch that it refuses. Gives up
   * where something else fails again and again.
   */
  async #store(results: LedgerResult[], claims: PendingClaim[], failed = 0): Promise<void> {
    const { runId, log, metrics, onStatus, onGivenUp } = this.#options
    for (let failures = failed; !this.#abandoned; failures += 1) {
      const startedAt = this.#clock.now()
      try {
        // A failed transaction may have been committed all the same: then it claimed items that no lane knows of.
        const uncertain =
          failures > 0 ? claims.map(({ lease, known }) => ({ lease, known: this.#unwritten(known()) })) : []
        const written = await this.#write(results, claims, uncertain)
        if (!written) break
        const { status, answers, ended } = written
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
        const [only] = results
        const storable = isRefusal(error) && only && withoutRefused(only, error)
        if (storable) return this.#store([storable], claims, failures)
        if ((isRefusal(error) || !isOfDatabase(error)) && failures >= maxFaults) {
          log.error({ runId: encodeGlobalId('Run', runId), err: error }, 'recorder: gives up, and its leases back')
          this.abandon()
          onGivenUp()
          break
        }
        const delayMs = retryAfterErrorMs[Math.min(failures, retryAfterErrorMs.length - 1)] ?? 0
        log.warn({ runId: encodeGlobalId('Run', runId), err: error, delayMs }, 'recorder: could not write, retrying')
        await new Promise<void>((resolve) => this.#clock.after(delayMs, resolve))
      }
    }
    for (const { resolve } of claims) resolve(null)
  }

  /** Null when the recorder is abandoned meanwhile: a dead connection may never answer. */
  async #write(...batch: Parameters<WriteLedger>): Promise<Written | null> {
    const transaction = Promise.withResolvers<Written | null>()
    // A function literal in its place would keep every batch, see db/young-client.ts.
    this.#transaction = transaction
    try {
      this.#options.write(...batch).then(transaction.resolve, transaction.reject)
      return await transaction.promise
    } finally {
      this.#transaction = null
    }
  }

  #unwritten({ items, evaluations }: Held): Held {
    return {
      items: [...items, ...this.#results.flatMap((result) => (isEvaluation(result) ? [] : result.item.ordinal))],
      evaluations: [
        ...evaluations,
        ...this.#results.flatMap<HeldEvaluation>((result) =>
          isEvaluation(result) ? result.evaluation : (result.open ?? []),
        ),
      ],
    }
  }
}

/** The result with the reason in place of what is refused; null for one that is such already. */
function withoutRefused(result: LedgerResult, error: Error): LedgerResult | null {
  if (isEvaluation(result)) return result.refused ? null : unstorableScores(result, error)
  return result.item.error?.code === 'UNSTORABLE_RESULT' ? null : unstorable(result, error)
}

/**
 * Whether the batch itself cannot be stored, as opposed to a database in trouble: the database refuses it (SQLSTATE
 * classes 22, 23 and 54), or JavaScript cannot make a statement of it, for example because it is too long.
 */
function isRefusal(error: unknown): error is Error {
  if (error instanceof RangeError || error instanceof TypeError) return true
  return /^(22|23|54)...$/.test(codeOf(error) ?? '')
}

/** Whether it comes from the database or the connection to it; the driver's own errors have no code. */
function isOfDatabase(error: unknown): boolean {
  return codeOf(error) !== undefined || /connect|timeout/i.test(messageOf(error))
}
