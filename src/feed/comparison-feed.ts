/**
 * Publishes changes in several runs of a dataset, aligned row by row, with current statistics.
 *
 * As in the run feed a subscriber is a cursor, here one feed position per run: a row is delivered when any run changed
 * it, in its latest state in all of them, so replay and live delivery are the same reads and nothing is lost in
 * between. Everything in a batch is read at one moment. While runs execute, computing the metrics takes a bounded share
 * of the time, and the batches in between have none; the last batch, and one once changes pause, have them.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Database, ReadableDatabase } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { countItemChangesOutside, findItemChanges, findItemsAt } from '../db/sql/comparison/find-changes.ts'
import { loadFeedEpoch } from '../db/sql/run/feed-epoch.ts'
import type { RunStatsRows } from '../db/sql/run/load-followed-run.ts'
import { loadRunStats } from '../db/sql/run/load-run-stats.ts'
import { type LeftOut, nothingLeftOut } from '../db/sql/run-item/listed-columns.ts'
import { CursorExpiredError, NotFoundError } from '../domain/errors.ts'
import { isOver } from '../domain/rescoring.ts'
import type { RunSettings } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import type { MetricComparison } from '../engine/comparison/compare-metrics.ts'
import {
  type Comparison,
  type ComparisonInput,
  openComparison,
  reopenComparison,
} from '../engine/comparison/comparison.ts'
import { alignRows, type ComparedRow } from '../engine/comparison/rows.ts'
import type { ComparisonSequences } from '../engine/comparison/sequences.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { type FeedPosition, ownPlace } from './position.ts'
import { SharedComparison } from './shared-comparison.ts'
import { type SharedBatch, SharedReader, SharedReaders } from './shared-reader.ts'
import { checkWindow, type FeedWindow } from './window.ts'

/** Rows that changed after the last cursor and the comparison, all at one moment. */
export interface ComparisonFeedBatch {
  cursor: string
  /** Baseline first, if there is one; empty when one of them was deleted, which ends the feed. */
  runs: readonly Run[]
  /** Of the runs; null unless requested. */
  stats: RunStatsRows | null
  /** Null when they were not computed for this batch. */
  metrics: MetricComparison[] | null
  rows: ComparedRow[]
  /** Items outside the window that changed; 0 without a window. */
  changedOutside: number
  /** All runs have finished and everything is delivered. */
  done: boolean
  position: FeedPosition
}

/** What a subscriber requests. */
export interface ComparisonFeedOptions {
  /** Dataset items, or positions in the schedule of the first run; default: all. */
  window?: FeedWindow<string> | null
  /** Parts that need not be read; default: none. */
  without?: readonly ('rows' | 'metrics' | 'changedOutside')[]
  /** What need not be read of the executions in rows; default: nothing. */
  leftOut?: LeftOut
  /** Include the statistics of the runs; default: no. */
  stats?: boolean
  /** END: until all runs have finished; NEVER: until one is deleted. Default: END. */
  until?: 'END' | 'NEVER'
}

interface SharedComparisonBatch extends Omit<ComparisonFeedBatch, 'position'>, SharedBatch<readonly number[]> {
  /** The metrics are still to come. */
  stale: boolean
  epoch: string
}

/** Where a subscription begins, and when. */
interface Start {
  epoch: string
  positions: readonly number[]
  until: 'END' | 'NEVER'
  since: number
}

/** Changes per batch, over all runs. */
const batchSize = 100
const paceMs = 200

interface ComparisonSource {
  db: Database
  scope: Scope
  input: ComparisonInput
  runIds: readonly string[]
  /** Dataset items; null: all. */
  window: readonly string[] | null
  rows: boolean
  metrics: boolean
  changedOutside: boolean
  stats: boolean
  leftOut: LeftOut
}

class ComparisonReader extends SharedReader<readonly number[], SharedComparisonBatch> {
  readonly #source: ComparisonSource
  readonly shared: SharedComparison

  constructor(source: ComparisonSource, shared: SharedComparison, onIdle: () => void) {
    super(paceMs, onIdle)
    this.#source = source
    this.shared = shared
  }

  /** Whether it reads the same comparison. */
  compares({ scope, input }: ComparisonSource): boolean {
    const own = this.#source
    return scope.projectId === own.scope.projectId && isDeepStrictEqual(input, own.input)
  }

  get runIds(): readonly string[] {
    return this.#source.runIds
  }

  protected override query(after: readonly number[]): Promise<[SharedComparisonBatch]> {
    const readAt = performance.now()
    return this.shared.read(async (db) => [{ ...(await this.#query(db, after, batchSize)), readAt }])
  }

  async #query(
    db: ReadableDatabase,
    after: readonly number[],
    maxChanges: number,
  ): Promise<Omit<SharedComparisonBatch, 'readAt'>> {
    const { scope, input, window, runIds, leftOut, ...reads } = this.#source
    const epoch = await loadFeedEpoch(db.pool)
    const comparison = await openIfExisting(db, scope, input)
    if (!comparison) {
      const cursor = formatCursor(subjectOf(input), epoch, after.join('.'))
      const nothing = { runs: [], stats: null, metrics: [], rows: [], changedOutside: 0, empty: true, stale: false }
      return { ...nothing, cursor, next: after, more: false, done: true, epoch }
    }
    const { runs } = comparison
    const ranges = runs.map((run, index) => ({ runId: run.id, after: after[index] ?? 0, upTo: run.seq }))
    const limit = Math.ceil(maxChanges / runs.length)
    const behind = ranges.some((range) => range.upTo > range.after)
    const changes = behind && reads.rows ? await findItemChanges(db.pool, ranges, window, limit) : []
    const next = ranges.map((range, index) => {
      const own = changes.filter((change) => change.run === index)
      return own.length === limit ? (own.at(-1)?.seq ?? range.upTo) : Math.max(range.upTo, range.after)
    })
    const more = ranges.some((range, index) => (next[index] ?? 0) < range.upTo)
    const done = !more && runs.every(isOver)
    const items = [...new Map(changes.map((change) => [change.itemId, change])).values()]
    const rows = await alignRows(db, comparison, items, leftOut)
    // Together these rows are too large: retry with fewer changes. At one change per run, read row by row.
    if (rows.length < items.length && limit > 1) return this.#query(db, after, Math.min(rows.length, maxChanges / 2))
    for (const item of items.slice(rows.length)) rows.push(...(await alignRows(db, comparison, [item], leftOut)))
    const read = ranges.map((range, index) => ({ ...range, upTo: next[index] ?? range.upTo }))
    const counted = behind && window && reads.changedOutside
    const changedOutside = counted ? await countItemChangesOutside(db.pool, read, window) : 0
    const stats = reads.stats ? await loadRunStats(db.pool, runIds) : null
    const metrics = reads.metrics ? await this.shared.metrics(db, comparison, done) : null
    const stale = reads.metrics && !metrics
    const cursor = formatCursor(subjectOf(input), epoch, next.join('.'))
    return { cursor, runs, stats, metrics, rows, changedOutside, done, next, more, empty: !behind, stale, epoch }
  }
}

export class ComparisonFeeds {
  /** Shared by all comparisons in this process. */
  readonly sequences: ComparisonSequences
  readonly #db: Database
  readonly #changes: RunChanges
  readonly #readers = new SharedReaders<ComparisonReader>()

  constructor(db: Database, changes: RunChanges, sequences: ComparisonSequences) {
    this.#db = db
    this.#changes = changes
    this.sequences = sequences
    changes.on(
      (runId) => {
        for (const reader of this.#readers.values()) {
          if (runId === null || reader.runIds.includes(runId)) reader.wake()
        }
      },
      () => [...this.#readers.values()].flatMap(({ runIds }) => runIds),
    )
  }

  /** Current subscribers. */
  get subscribers(): number {
    return this.#readers.subscribers
  }

  /**
   * The metrics and every row that changed after the cursor, then live changes, until all runs have finished or one is
   * deleted. The first batch is delivered at once, even without rows; without a cursor it starts at the beginning. Ends
   * without an error when the signal aborts; throws CursorExpiredError when the database is restored meanwhile.
   *
   * @throws {NotFoundError} the project has no such runs
   * @throws {InvalidInputError} runs that cannot be compared, an invalid window, or a cursor that is not of this
   *   comparison's feed
   * @throws {CursorExpiredError} a cursor from before the database was restored or copied
   */
  async subscribe(
    scope: Scope,
    input: ComparisonInput,
    after: string | null,
    signal: AbortSignal,
    { window = null, without = [], leftOut = nothingLeftOut, stats = false, until = 'END' }: ComparisonFeedOptions = {},
  ): Promise<AsyncGenerator<ComparisonFeedBatch>> {
    if (window) checkWindow(window)
    const since = performance.now()
    const epoch = await loadFeedEpoch(this.#db.pool)
    const comparison = await openComparison(this.#db, scope, input)
    const { runs, baseline } = comparison
    const positions = after === null ? runs.map(() => 0) : parsePositions(after, comparison, epoch)
    const source: ComparisonSource = {
      db: this.#db,
      scope,
      // Another baseline may be approved meanwhile; this comparison keeps its own.
      input: { ...input, baselineId: baseline?.id ?? null },
      runIds: runs.map((run) => run.id),
      window: window && (await itemsOf(this.#db, window, runs[0])),
      rows: !without.includes('rows'),
      metrics: !without.includes('metrics'),
      changedOutside: !without.includes('changedOutside'),
      stats,
      leftOut,
    }
    return this.#follow(source, { epoch, positions, until, since }, AbortSignal.any([signal, this.#changes.stopped]))
  }

  async *#follow(
    source: ComparisonSource,
    { epoch: from, positions, until, since }: Start,
    signal: AbortSignal,
  ): AsyncGenerator<ComparisonFeedBatch> {
    const { db: _, scope, ...name } = source
    const key = JSON.stringify([scope.projectId, name])
    const reader = this.#readers.open(key, (onIdle) => {
      const shared = [...this.#readers.values()].find((other) => other.compares(source))?.shared
      return new ComparisonReader(source, shared ?? new SharedComparison(this.#db), onIdle)
    })
    let shown: Omit<ComparisonFeedBatch, 'position'> | null = null
    let metrics: MetricComparison[] | null = null
    let seen = positions
    for await (const read of reader.follow(positions, signal, { pastDone: until === 'NEVER', since })) {
      const { next, more, empty: __, stale, epoch, readAt, ...batch } = read
      if (epoch !== from || isBehind(batch.runs, seen)) throw new CursorExpiredError()
      const moved = next.some((position, index) => position !== seen[index])
      const compared = batch.metrics && batch.metrics !== metrics
      metrics = batch.metrics ?? metrics
      if (!shown || moved || compared || statuses(batch) !== statuses(shown)) {
        const place = `${batch.cursor} ${statuses(batch)} ${metrics ? numberOf(metrics) : ''}`
        yield { ...batch, position: { place, order: null, cursor: batch.cursor, more, readAt } }
      }
      if (batch.runs.length === 0) return
      shown = batch
      seen = next
      if (stale) reader.wake(reader.shared.metricsEveryMs)
    }
  }
}

const statuses = ({ runs }: Pick<ComparisonFeedBatch, 'runs'>) => runs.map((run) => run.status).join()

const numbers = new WeakMap<object, string>()

/** Tells computed metrics from others. */
function numberOf(metrics: object): string {
  const number = numbers.get(metrics) ?? ownPlace()
  numbers.set(metrics, number)
  return number
}

/** Null when a run was deleted. */
async function openIfExisting(db: ReadableDatabase, scope: Scope, input: ComparisonInput): Promise<Comparison | null> {
  try {
    return await reopenComparison(db, scope, input)
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}

async function itemsOf(db: Database, window: FeedWindow<string>, run: Run | undefined): Promise<readonly string[]> {
  if ('items' in window) return window.items
  if (!run) return []
  const { repetitions } = run.settings as unknown as RunSettings
  return findItemsAt(db.pool, run.id, window.positions, repetitions)
}

function subjectOf({ baselineId, candidateIds }: Pick<ComparisonInput, 'baselineId' | 'candidateIds'>): Subject {
  return ['comparison', baselineId ?? 'none', ...candidateIds]
}

function parsePositions(after: string, { baseline, candidates, runs }: Comparison, epoch: string): number[] {
  const subject = { baselineId: baseline?.id ?? null, candidateIds: candidates.map(({ id }) => id) }
  const text = parseCursor(after, subjectOf(subject), epoch)
  const positions = /^\d{1,10}(\.\d{1,10})*$/.test(text) ? text.split('.').map(Number) : []
  if (positions.length !== runs.length) throw unknownCursor(after)
  if (isBehind(runs, positions)) throw new CursorExpiredError()
  return positions
}

/** Whether a run is behind its position: the database was rolled back without a new epoch. */
function isBehind(runs: readonly Run[], positions: readonly number[]): boolean {
  return runs.some((run, index) => run.seq < (positions[index] ?? 0))
}
