/**
 * The one writer of a run in a process: gives its lanes items and writes down how they ended.
 *
 * Everything asked for while a transaction is under way goes into the next one, so the load decides the size of the
 * batches. Each is ONE transaction that first takes the run's row: items under the lease they were claimed with,
 * scores, counters, sums, `seq` and the NOTIFY move together or not at all. A call may happen twice; a result is
 * recorded once.
 */
import type { Logger } from 'pino'
import { type Database, transaction } from '../db/client.ts'
import { advanceRun, noDelta, type RunDelta } from '../db/sql/advance-run.ts'
import { cancelItems } from '../db/sql/cancel-items.ts'
import { type ClaimedItem, type ClaimRange, claimDue, claimRanges, nextDue } from '../db/sql/claim-items.ts'
import { type LockedRun, lockRun } from '../db/sql/lock-run.ts'
import { recordResults } from '../db/sql/record-results.ts'
import { recordScores } from '../db/sql/record-scores.ts'
import { requeueClaims } from '../db/sql/requeue-claims.ts'
import { isFinished, type RunSettings, type RunStatus, type StopReason } from '../domain/run.ts'
import { unstarted } from './execute-item.ts'
import { type ItemResult, type Tally, tally } from './run-tally.ts'

/** What a lane is given when it asks for work. */
export interface Claim {
  items: ClaimedItem[]
  status: RunStatus
  /** Items of the run that are queued after this claim. */
  queued: number
  /** When the next waiting item is due; null when none waits. */
  nextDue: Date | null
}

interface ClaimRequest {
  lease: string
  limit: number
  /** Ordinals the lane still has; whatever else stands under its lease got lost on the way. */
  known: () => number[]
  resolve: (claim: Claim) => void
}

export interface RecorderOptions {
  db: Database
  runId: string
  settings: RunSettings
  log: Logger
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
  #claims: ClaimRequest[] = []
  #timer: NodeJS.Timeout | null = null
  #flushing: Promise<void> | null = null
  /** A transaction's outcome is unknown: claims may stand under our leases that nobody here knows of. */
  #claimsInDoubt = false
  #drained: PromiseWithResolvers<void> | null = null
  #abandoned = false

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Up to `limit` items under the lease. Resolves as soon as they are durably claimed; waits out a database that is away. */
  claim(lease: string, limit: number, known: () => number[]): Promise<Claim> {
    return new Promise((resolve) => {
      this.#claims.push({ lease, limit, known, resolve })
      this.#flushSoon(0)
    })
  }

  /** Hands over a result. The promise is only backpressure: it resolves at once unless too many are unwritten. */
  record(result: ItemResult): Promise<void> {
    this.#results.push(result)
    this.#flushSoon(this.#results.length >= flushAtResults ? 0 : flushAfterMs)
    if (this.#results.length < backlogLimit) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Resolves when everything handed over so far is written. */
  async flushed(): Promise<void> {
    while (!this.#abandoned && (this.#results.length > 0 || this.#flushing)) {
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
    await this.#store(results, claims)
  }

  /** Writes until it is written: waits for a database that is away, and takes apart a batch that it refuses. */
  async #store(results: ItemResult[], claims: ClaimRequest[]): Promise<void> {
    for (let failures = 0; !this.#abandoned; failures += 1) {
      try {
        const { status, answers } = await this.#write(results, claims)
        this.#claimsInDoubt = false
        claims.forEach((claim, index) => {
          const answer = answers[index]
          if (answer) claim.resolve(answer)
        })
        this.#options.onStatus(status)
        return
      } catch (error) {
        if (isRefusal(error) && results.length > 0) {
          if (results.length === 1)
            return this.#store(
              results.map((result) => unstorable(result, error)),
              claims,
            )
          for (const result of results) await this.#store([result], [])
          return this.#store([], claims)
        }
        this.#claimsInDoubt = true
        const delayMs = retryAfterErrorMs[Math.min(failures, retryAfterErrorMs.length - 1)]
        this.#options.log.warn(
          { runId: this.#options.runId, err: error, delayMs },
          'recorder: could not write, trying again',
        )
        await new Promise((resolve) => setTimeout(resolve, delayMs))
      }
    }
  }

  #write(results: ItemResult[], claims: ClaimRequest[]): Promise<{ status: RunStatus; answers: Claim[] }> {
    const { db, runId, settings } = this.#options
    return transaction(db.pool, async (client) => {
      const run = await lockRun(client, runId)
      if (!run) return { status: 'CANCELLED', answers: claims.map(() => nothing('CANCELLED')) }
      if (isFinished(run.status)) return { status: run.status, answers: claims.map(() => nothing(run.status)) }

      const delta: RunDelta = { ...noDelta, status: run.status }
      const seq = () => run.seq + delta.seq

      if (results.length > 0) {
        const items = results.map((result) => result.item)
        const matched = new Set(await recordResults(client, runId, items, seq()))
        const sums = tally(
          matched.size === results.length ? results : results.filter((r) => matched.has(r.item.ordinal)),
        )
        delta.seq += results.length
        Object.assign(delta, sums.run, { status: delta.status, seq: delta.seq })
        await writeScores(client, runId, sums)
      }

      if (this.#claimsInDoubt) {
        for (const claim of claims) {
          const unwritten = this.#results.map((result) => result.item.ordinal)
          const lost = await requeueClaims(client, runId, claim.lease, [...claim.known(), ...unwritten], seq())
          delta.seq += lost
          delta.queued += lost
          delta.running -= lost
        }
      }

      const stop = stopReason(run, delta, settings)
      const answers: Claim[] = []
      if (stop) {
        const open = await cancelItems(client, runId, seq())
        delta.seq += open.queued + open.running
        delta.queued -= open.queued
        delta.running -= open.running
        delta.cancelled += open.queued + open.running
        delta.status = 'STOPPED'
        delta.stopReason = stop
        answers.push(...claims.map(() => nothing('STOPPED')))
      } else {
        answers.push(...(await claimFor(client, runId, run, delta, claims)))
        if (run.queued + delta.queued + run.running + delta.running === 0) delta.status = 'COMPLETED'
        else if (delta.running > 0 || run.running + delta.running > 0) delta.status = 'RUNNING'
      }
      if (delta.seq > 0 || delta.status !== run.status) await advanceRun(client, runId, delta)
      return { status: delta.status, answers }
    })
  }
}

/** Whether the database refuses what it was given (SQLSTATE classes 22, 23 and 54), rather than being in trouble itself. */
function isRefusal(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(22|23|54)...$/.test(code)
}

/** What is recorded in place of a result that cannot be stored. */
function unstorable({ item }: ItemResult, error: Error): ItemResult {
  const { ordinal, lease, attempts, traceId, latencyMs } = item
  const message = `The result could not be stored: ${error.message}`
  return {
    item: {
      ...unstarted({ ordinal, lease, attempts }),
      traceId,
      latencyMs,
      status: 'FAILED',
      error: { code: 'UNSTORABLE_RESULT', message, retryable: false },
      finishedAt: new Date(),
    },
    scores: [],
  }
}

function nothing(status: RunStatus): Claim {
  return { items: [], status, queued: 0, nextDue: null }
}

async function writeScores(client: Parameters<typeof recordScores>[0], runId: string, sums: Tally): Promise<void> {
  if (sums.scores.length > 0 || sums.latencies.length > 0) await recordScores(client, runId, sums)
}

/** Gives each request its items, waiting ones before fresh ones, and notes it in `delta`. */
async function claimFor(
  client: Parameters<typeof claimDue>[0],
  runId: string,
  run: LockedRun,
  delta: RunDelta,
  claims: readonly ClaimRequest[],
): Promise<Claim[]> {
  const answers: Claim[] = claims.map(() => nothing('RUNNING'))
  const waiting = () => run.queued + delta.queued - (run.total - run.nextOrdinal - delta.nextOrdinal)
  const took = (count: number) => {
    delta.seq += count
    delta.queued -= count
    delta.running += count
  }

  const ranges: ClaimRange[] = []
  for (const [index, { lease, limit }] of claims.entries()) {
    let wanted = limit
    if (waiting() > 0) {
      const due = await claimDue(client, runId, lease, wanted, run.seq + delta.seq)
      answers[index]?.items.push(...due)
      took(due.length)
      wanted -= due.length
    }
    const from = run.nextOrdinal + delta.nextOrdinal
    const count = Math.min(wanted, run.total - from)
    if (count > 0) {
      ranges.push({ lease, from, count })
      delta.nextOrdinal += count
      delta.queued -= count
      delta.running += count
    }
  }
  if (ranges.length > 0) {
    const items = await claimRanges(client, runId, ranges, run.seq + delta.seq)
    delta.seq += items.length
    const answerOf = new Map(claims.map(({ lease }, index) => [lease, answers[index]]))
    for (const item of items) answerOf.get(item.lease)?.items.push(item)
  }

  const due = claims.length > 0 && waiting() > 0 ? await nextDue(client, runId) : null
  for (const answer of answers) {
    answer.queued = run.queued + delta.queued
    answer.nextDue = due
  }
  return answers
}

/** Why the run must stop now, judged by everything recorded up to and including this transaction. */
function stopReason(run: LockedRun, delta: RunDelta, settings: RunSettings): StopReason | null {
  const { budgetUsd, maxFailureRate } = settings
  const open = run.queued + delta.queued + run.running + delta.running
  if (open === 0) return null
  if (budgetUsd !== null && run.costSum + delta.costSum >= budgetUsd) return 'BUDGET'
  const failed = run.failed + delta.failed
  const finished = failed + run.succeeded + delta.succeeded
  if (maxFailureRate !== null && finished >= leastFinished(run.total) && failed / finished > maxFailureRate) {
    return 'FAILURE_RATE'
  }
  return null
}

/** A failure rate means nothing before so many items are finished. */
function leastFinished(total: number): number {
  return Math.min(total, 20)
}
