/**
 * What changed in several runs of a dataset, aligned row by row, with the statistics so far.
 *
 * As in the run feed a subscriber is its cursor, here one feed position for each run: a row comes when any of the runs
 * changed it, in its latest state in all of them, so replaying and following are the same reads and nothing is lost in
 * between. The metrics are about everything recorded so far. While runs execute they are computed again only so often that
 * they take a bounded share of the time; in the last batch, and whenever nothing happens for a while, they are exact.
 */
import type { Database } from '../db/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { findItemChanges } from '../db/sql/comparison/find-changes.ts'
import { InvalidInputError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { compareMetrics, type MetricComparison } from '../engine/comparison/compare-metrics.ts'
import { type Comparison, type ComparisonInput, openComparison } from '../engine/comparison/comparison.ts'
import { alignRows, type ComparedRow } from '../engine/comparison/rows.ts'
import { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { abortedPromise, WakeUp } from './wake-up.ts'

/** Rows that changed after the last cursor, and the comparison as it stands. */
export interface ComparisonFeedBatch {
  cursor: string
  comparison: Comparison
  metrics: MetricComparison[]
  rows: ComparedRow[]
  /** Nothing will follow: all runs are over and everything is delivered. */
  done: boolean
}

/** A batch as it is shared: with what subscribers need to know to go on. */
interface Read extends ComparisonFeedBatch {
  next: readonly number[]
  /** More rows are waiting. */
  more: boolean
  /** The metrics are older than the rows. */
  stale: boolean
}

/** Changes in a batch, over all runs. */
const batchSize = 100
const paceMs = 200
/** Computing metrics takes at most this share of the time. */
const metricsShare = 0.2
const leastMetricsMs = 500
/** A shared read is kept while subscribers may still arrive at its cursor. */
const keepMs = 1_000

/** The subscribers of one comparison in this process. */
class ComparisonReader {
  readonly #db: Database
  readonly #sequences: ComparisonSequences
  readonly #scope: Scope
  readonly #input: ComparisonInput
  readonly #reads = new Map<string, Promise<Read>>()
  readonly #news = new WakeUp(paceMs)
  #metrics: { seqs: string; at: number; tookMs: number; value: MetricComparison[] } | null = null
  #computing: Promise<MetricComparison[]> | null = null
  subscribers = 0
  runIds: readonly string[] = []

  constructor(db: Database, sequences: ComparisonSequences, scope: Scope, input: ComparisonInput) {
    this.#db = db
    this.#sequences = sequences
    this.#scope = scope
    this.#input = input
  }

  /** The batch after a cursor; the same one for everybody who asks from there at about the same time. */
  read(after: readonly number[]): Promise<Read> {
    const key = after.join('.')
    const shared = this.#reads.get(key)
    if (shared) return shared
    const read = this.#query(after)
    this.#reads.set(key, read)
    const forget = () => this.#reads.delete(key)
    read.then(({ rows, done }) => (rows.length === 0 && !done ? forget() : setTimeout(forget, keepMs).unref()), forget)
    return read
  }

  changed(): Promise<void> {
    return this.#news.next()
  }

  wake(delayMs?: number): void {
    this.#news.wake(delayMs)
  }

  async #query(after: readonly number[]): Promise<Read> {
    const comparison = await openComparison(this.#db, this.#scope, this.#input)
    const { runs } = comparison
    // Rows that change after the runs were read have a larger seq and come with the next batch.
    const ranges = runs.map((run, index) => ({ runId: run.id, after: after[index] ?? 0, upTo: run.seq }))
    const limit = Math.ceil(batchSize / runs.length)
    const behind = ranges.some((range) => range.upTo > range.after)
    const changes = behind ? await findItemChanges(this.#db.pool, ranges, limit) : []
    const next = ranges.map((range, index) => {
      const own = changes.filter((change) => change.run === index)
      return own.length === limit ? (own.at(-1)?.seq ?? range.upTo) : Math.max(range.upTo, range.after)
    })
    const more = ranges.some((range, index) => (next[index] ?? 0) < range.upTo)
    const done = !more && runs.every((run) => isFinished(run.status))
    const itemIds = [...new Set(changes.map((change) => change.itemId))]
    const rows = await alignRows(this.#db, comparison, itemIds)
    const { metrics, stale } = await this.#metricsOf(comparison, done)
    return { cursor: next.join('.'), comparison, metrics, rows, done, next, more, stale }
  }

  async #metricsOf(comparison: Comparison, exact: boolean): Promise<{ metrics: MetricComparison[]; stale: boolean }> {
    const seqs = comparison.runs.map((run) => run.seq).join('.')
    const known = this.#metrics
    if (known?.seqs === seqs) return { metrics: known.value, stale: false }
    if (!exact && known && performance.now() - known.at < this.metricsEveryMs)
      return { metrics: known.value, stale: true }
    if (!exact && this.#computing) return { metrics: await this.#computing, stale: true }
    this.#computing = this.#compute(comparison, seqs).finally(() => {
      this.#computing = null
    })
    return { metrics: await this.#computing, stale: false }
  }

  async #compute(comparison: Comparison, seqs: string): Promise<MetricComparison[]> {
    const startedAt = performance.now()
    const value = await compareMetrics(this.#db, this.#sequences, comparison)
    const at = performance.now()
    this.#metrics = { seqs, at, tookMs: at - startedAt, value }
    return value
  }

  get metricsEveryMs(): number {
    return Math.max(leastMetricsMs, (this.#metrics?.tookMs ?? 0) / metricsShare)
  }
}

export class ComparisonFeeds {
  /** How far the sequences of comparisons are; shared with whoever else compares in this process. */
  readonly sequences: ComparisonSequences
  readonly #db: Database
  readonly #changes: RunChanges
  readonly #readers = new Map<string, ComparisonReader>()

  constructor(db: Database, changes: RunChanges) {
    this.#db = db
    this.#changes = changes
    this.sequences = new ComparisonSequences(db)
    changes.on((runId) => {
      for (const reader of this.#readers.values()) {
        if (runId === null || reader.runIds.includes(runId)) reader.wake()
      }
    })
  }

  /** Subscribers now. */
  get subscribers(): number {
    return [...this.#readers.values()].reduce((sum, reader) => sum + reader.subscribers, 0)
  }

  /**
   * Every row that changed after the cursor and the metrics, then what changes, until all runs are over. The first batch
   * comes at once, even without rows; without a cursor it starts at the beginning. Ends quietly when the signal aborts.
   *
   * @throws {NotFoundError} the project has no such runs
   * @throws {InvalidInputError} runs that cannot be compared, or a cursor that this comparison never gave
   */
  async *subscribe(
    scope: Scope,
    input: ComparisonInput,
    after: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<ComparisonFeedBatch> {
    const { runs } = await openComparison(this.#db, scope, input)
    let cursor: readonly number[] = parseCursor(
      after,
      runs.map((run) => run.seq),
    )
    // The baseline may be approved anew while somebody watches; this comparison stays what it is.
    const settled = { ...input, baselineId: runs[0]?.id ?? null }
    const key = JSON.stringify([scope.projectId, settled])
    const reader = this.#readers.get(key) ?? new ComparisonReader(this.#db, this.sequences, scope, settled)
    reader.runIds = runs.map((run) => run.id)
    this.#readers.set(key, reader)
    reader.subscribers += 1
    const ended = abortedPromise(AbortSignal.any([signal, this.#changes.stopped]))
    try {
      let shown: MetricComparison[] | null = null
      while (!ended.aborted) {
        const changed = reader.changed()
        const { next, more, stale, ...batch } = await reader.read(cursor)
        if (ended.aborted) return
        cursor = next
        if (batch.rows.length > 0 || batch.metrics !== shown || batch.done) yield batch
        shown = batch.metrics
        if (batch.done) return
        if (stale) reader.wake(reader.metricsEveryMs)
        if (!more) await Promise.race([changed, ended.promise])
      }
    } finally {
      ended.dispose()
      reader.subscribers -= 1
      if (reader.subscribers === 0) this.#readers.delete(key)
    }
  }
}

function parseCursor(after: string | null, seqs: readonly number[]): number[] {
  if (after === null) return seqs.map(() => 0)
  const cursor = /^\d{1,10}(\.\d{1,10})*$/.test(after) ? after.split('.').map(Number) : []
  if (cursor.length === seqs.length && cursor.every((position, index) => position <= (seqs[index] ?? 0))) return cursor
  throw new InvalidInputError(
    `Expected a cursor that the feed of this comparison gave, got ${JSON.stringify(after)}; leave it out to start over.`,
    ['after'],
  )
}
