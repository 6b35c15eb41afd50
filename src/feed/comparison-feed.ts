/**
 * What changed in several runs of a dataset, aligned row by row, with the statistics so far.
 *
 * As in the run feed a subscriber is its cursor, here one feed position for each run: a row comes when any of the runs
 * changed it, in its latest state in all of them, so replaying and following are the same reads and nothing is lost in
 * between. The metrics are about everything recorded so far. While runs execute, computing them takes a bounded share of the
 * time; in the last batch, and whenever nothing happens for a while, they are exact.
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { findItemChanges } from '../db/sql/comparison/find-changes.ts'
import { loadFeedEpoch } from '../db/sql/run/feed-epoch.ts'
import { CursorExpiredError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { compareMetrics, type MetricComparison } from '../engine/comparison/compare-metrics.ts'
import { type Comparison, type ComparisonInput, openComparison } from '../engine/comparison/comparison.ts'
import { alignRows, type ComparedRow } from '../engine/comparison/rows.ts'
import type { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { type SharedBatch, SharedReader, SharedReaders } from './shared-reader.ts'

/** Rows that changed after the last cursor, and the comparison as it stands. */
export interface ComparisonFeedBatch {
  cursor: string
  comparison: Comparison
  metrics: MetricComparison[]
  rows: ComparedRow[]
  /** Nothing will follow: all runs are over and everything is delivered. */
  done: boolean
}

interface SharedComparisonBatch extends ComparisonFeedBatch, SharedBatch<readonly number[]> {
  /** The metrics are older than the rows. */
  stale: boolean
  epoch: string
}

/** Changes in a batch, over all runs. */
const batchSize = 100
const paceMs = 200
/** Computing metrics takes at most this share of the time. */
const metricsShare = 0.2
const minMetricsMs = 500

interface ComparisonSource {
  db: Database
  sequences: ComparisonSequences
  scope: Scope
  input: ComparisonInput
  runIds: readonly string[]
}

class ComparisonReader extends SharedReader<readonly number[], SharedComparisonBatch> {
  readonly #db: Database
  readonly #sequences: ComparisonSequences
  readonly #scope: Scope
  readonly #input: ComparisonInput
  #metrics: { seqs: string; at: number; tookMs: number; value: MetricComparison[] } | null = null
  #computing: Promise<MetricComparison[]> | null = null
  /** Baseline first. */
  readonly runIds: readonly string[]

  constructor({ db, sequences, scope, input, runIds }: ComparisonSource, onIdle: () => void) {
    super(paceMs, onIdle)
    this.#db = db
    this.#sequences = sequences
    this.#scope = scope
    this.#input = input
    this.runIds = runIds
  }

  protected override async query(after: readonly number[]): Promise<SharedComparisonBatch> {
    // The epoch first: rows of a newer one get a cursor that is refused, instead of one that misleads.
    const epoch = await loadFeedEpoch(this.#db.pool)
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
    const cursor = formatCursor(subjectOf(this.runIds), epoch, next.join('.'))
    return { cursor, comparison, metrics, rows, done, next, more, empty: rows.length === 0, stale, epoch }
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
    return Math.max(minMetricsMs, (this.#metrics?.tookMs ?? 0) / metricsShare)
  }
}

export class ComparisonFeeds {
  /** Shared by everything in this process that compares runs. */
  readonly sequences: ComparisonSequences
  readonly #db: Database
  readonly #changes: RunChanges
  readonly #readers = new SharedReaders<ComparisonReader>()

  constructor(db: Database, changes: RunChanges, sequences: ComparisonSequences) {
    this.#db = db
    this.#changes = changes
    this.sequences = sequences
    changes.on((runId) => {
      for (const reader of this.#readers.values()) {
        if (runId === null || reader.runIds.includes(runId)) reader.wake()
      }
    })
  }

  /** Subscribers now. */
  get subscribers(): number {
    return this.#readers.subscribers
  }

  /**
   * Every row that changed after the cursor and the metrics, then what changes, until all runs are over. The first batch
   * comes at once, even without rows; without a cursor it starts at the beginning. Ends quietly when the signal aborts.
   *
   * @throws {NotFoundError} the project has no such runs
   * @throws {InvalidInputError} runs that cannot be compared, or a cursor that this comparison's feed never gave
   * @throws {CursorExpiredError} a cursor from before the database was restored or copied
   */
  async subscribe(
    scope: Scope,
    input: ComparisonInput,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<ComparisonFeedBatch>> {
    const epoch = await loadFeedEpoch(this.#db.pool)
    const { runs } = await openComparison(this.#db, scope, input)
    const positions = after === null ? runs.map(() => 0) : parsePositions(after, runs, epoch)
    // Another baseline may be approved meanwhile; this comparison keeps its own.
    const settled = { ...input, baselineId: runs[0]?.id ?? null }
    const runIds = runs.map((run) => run.id)
    const source = { db: this.#db, sequences: this.sequences, scope, input: settled, runIds }
    return this.#follow(source, epoch, positions, AbortSignal.any([signal, this.#changes.stopped]))
  }

  async *#follow(
    source: ComparisonSource,
    from: string,
    positions: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<ComparisonFeedBatch> {
    const key = JSON.stringify([source.scope.projectId, source.input])
    const reader = this.#readers.open(key, (onIdle) => new ComparisonReader(source, onIdle))
    let shown: MetricComparison[] | null = null
    let seen = positions
    for await (const read of reader.follow(positions, signal)) {
      const { next, more: _, empty, stale, epoch, ...batch } = read
      if (epoch !== from || isBehind(batch.comparison.runs, seen)) throw new CursorExpiredError()
      if (!empty || batch.metrics !== shown || batch.done) yield batch
      shown = batch.metrics
      seen = next
      if (stale) reader.wake(reader.metricsEveryMs)
    }
  }
}

const subjectOf = (runIds: readonly string[]): Subject => ['comparison', ...runIds]

function parsePositions(after: string, runs: readonly Run[], epoch: string): number[] {
  const text = parseCursor(after, subjectOf(runs.map((run) => run.id)), epoch)
  const positions = /^\d{1,10}(\.\d{1,10})*$/.test(text) ? text.split('.').map(Number) : []
  if (positions.length !== runs.length) throw unknownCursor(after)
  if (isBehind(runs, positions)) throw new CursorExpiredError()
  return positions
}

/** Whether a run is not as far as it was: the database went back without its epoch changing. */
function isBehind(runs: readonly Run[], positions: readonly number[]): boolean {
  return runs.some((run, index) => run.seq < (positions[index] ?? 0))
}
