/**
 * Publishes the changes of a run to any number of subscribers.
 *
 * A subscriber IS its cursor: it reads the rows after it, gets the next batch, advances. Changes that it missed while
 * slow or disconnected are in the table, in their latest state, so no queue can overflow and nothing is lost.
 * Subscribers at the same cursor share one read of the same columns. NOTIFY, and a slow poll in case one was lost, only trigger the next
 * read. docs/feed.md describes the protocol.
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { loadFollowedRun, type RunStatsRows } from '../db/sql/run/load-followed-run.ts'
import { type LeftOut, type ListedRunItem, needing, nothingLeftOut } from '../db/sql/run-item/listed-columns.ts'
import { countChangesOutside, loadChangedItems, type OrdinalWindow } from '../db/sql/run-item/load-changed-items.ts'
import { CursorExpiredError, NotFoundError } from '../domain/errors.ts'
import { isOver } from '../domain/rescoring.ts'
import type { RunSettings } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { Epochs } from './epochs.ts'
import type { FeedPosition } from './position.ts'
import { RunsFeeds } from './runs-feed.ts'
import { type SharedBatch, SharedReader, SharedReaders } from './shared-reader.ts'
import { checkWindow, type FeedWindow } from './window.ts'

/** Rows that changed after the last cursor, and the run as it was when they were read. */
export interface RunFeedBatch {
  cursor: string
  /** Null when it was deleted, which ends the feed. */
  run: Run | null
  /** From the same snapshot as the run; null unless requested. */
  stats: RunStatsRows | null
  items: ListedRunItem[]
  /** Items outside the window that changed; 0 without a window. */
  changedOutside: number
  /** The run has finished and everything is delivered. */
  done: boolean
  position: FeedPosition
}

interface SharedRunBatch extends RunFeedBatch, SharedBatch<number> {
  epoch: string
}

/** What a subscriber requests. */
export interface RunFeedOptions {
  /** Default: all items. */
  window?: FeedWindow<number> | null
  /** Parts that need not be read; default: none. */
  without?: readonly ('items' | 'changedOutside')[]
  /** What need not be read of items; default: nothing. */
  leftOut?: LeftOut
  /** Include the statistics of the run; default: no. */
  stats?: boolean
  /** END: until the run has finished; NEVER: until it is deleted. Default: END. */
  until?: 'END' | 'NEVER'
}

/** Where a subscription begins, and when. */
interface Start {
  epoch: string
  position: number
  until: 'END' | 'NEVER'
  since: number
}

/** Columns that tell how old a change is, read whatever is left out. */
const ofLag = ['startedAt', 'finishedAt'] as const

const batchSize = 100
/** Rows that are read at once, for several batches. */
const readSize = 500
/** Minimum time between reads of a busy run. */
const paceMs = { items: 30, window: 100, progress: 250 }

interface RunSource {
  runId: string
  window: OrdinalWindow | null
  items: boolean
  leftOut: LeftOut
  changedOutside: boolean
  stats: boolean
}

class RunReader extends SharedReader<number, SharedRunBatch> {
  readonly #db: Database
  readonly #source: RunSource

  constructor(db: Database, source: RunSource, onIdle: () => void) {
    super(paceMs[!source.items ? 'progress' : source.window ? 'window' : 'items'], onIdle)
    this.#db = db
    this.#source = source
  }

  get runId(): string {
    return this.#source.runId
  }

  protected override async query(after: number): Promise<[SharedRunBatch, ...SharedRunBatch[]]> {
    const { pool } = this.#db
    const { runId, window, leftOut, ...reads } = this.#source
    const readAt = performance.now()
    const { epoch, run, stats } = await loadFollowedRun(pool, runId, reads)
    // Rows that change after the run was read have a larger seq and come with the next batch.
    const range = { runId, after, upTo: run?.seq ?? 0 }
    const changed = range.upTo > after
    const { items, more } =
      changed && reads.items
        ? await loadChangedItems(pool, range, window, readSize, leftOut)
        : { items: [], more: false }
    const next = more ? (items.at(-1)?.seq ?? after) : Math.max(range.upTo, after)
    const changedOutside =
      changed && window && reads.changedOutside ? await countChangesOutside(pool, { ...range, upTo: next }, window) : 0
    const done = !run || (isOver(run) && next >= run.seq)
    const cursor = runCursor(runId, epoch, next)
    const position = { ...this.#place(cursor, next, run), cursor, more, readAt }
    const read = {
      cursor,
      run,
      stats,
      items,
      changedOutside,
      done,
      position,
      next,
      more,
      empty: !changed,
      epoch,
      readAt,
    }
    return this.#inBatches(read)
  }

  /** What was read, in parts as they are delivered. */
  #inBatches(read: SharedRunBatch): [SharedRunBatch, ...SharedRunBatch[]] {
    const batches: SharedRunBatch[] = []
    for (let start = 0; start + batchSize < read.items.length; start += batchSize) {
      const items = read.items.slice(start, start + batchSize)
      const next = items.at(-1)?.seq as number
      const cursor = runCursor(this.runId, read.epoch, next)
      const position = { ...this.#place(cursor, next, read.run), cursor, more: true, readAt: read.readAt }
      batches.push({ ...read, cursor, items, position, next, more: true, done: false, changedOutside: 0 })
    }
    const last = { ...read, items: read.items.slice(batches.length * batchSize) }
    const [first = last, ...others] = batches
    return batches.length > 0 ? [first, ...others, last] : [last]
  }

  #place(cursor: string, next: number, run: Run | null): Pick<FeedPosition, 'place' | 'order'> {
    // The status may change alone. Changes outside a window are counted from one place only.
    return { place: `${cursor} ${run?.status}`, order: this.#source.window ? null : next }
  }
}

export class RunFeeds {
  /** Notifies of every run that may have changed. */
  readonly changes: RunChanges
  /** The feeds of all runs of a project or dataset. */
  readonly runs: RunsFeeds
  readonly #db: Database
  readonly #readers = new SharedReaders<RunReader>()
  readonly #epochs: Epochs
  readonly #onDelivery: (lagSeconds: number) => void

  /** @param onDelivery called for every live batch of a subscriber, with the age of its newest item */
  constructor(db: Database, changes: RunChanges, onDelivery: (lagSeconds: number) => void = () => {}) {
    this.#db = db
    this.#epochs = new Epochs(db)
    this.#onDelivery = onDelivery
    this.changes = changes
    this.runs = new RunsFeeds(db, changes)
    changes.on(
      (runId) => {
        for (const reader of this.#readers.values()) {
          if (runId === null || reader.runId === runId) reader.wake()
        }
      },
      () => [...this.#readers.values()].map(({ runId }) => runId),
    )
  }

  /** Current subscribers. */
  get subscribers(): number {
    return this.#readers.subscribers
  }

  /**
   * Everything after the cursor, then live changes, until the run has finished or is deleted. The first batch is
   * delivered at once, even if empty; without a cursor it starts at the beginning. Ends without an error when the
   * signal aborts or the process stops; throws CursorExpiredError when the database is restored meanwhile.
   *
   * @throws {NotFoundError} the project has no such run
   * @throws {InvalidInputError} an invalid window, or a cursor that is not of this run's feed
   * @throws {CursorExpiredError} a cursor from before the database was restored or copied
   */
  async subscribe(
    scope: Scope,
    runId: string,
    after: string | null,
    signal: AbortSignal,
    { window = null, without = [], leftOut = nothingLeftOut, stats = false, until = 'END' }: RunFeedOptions = {},
  ): Promise<AsyncGenerator<RunFeedBatch>> {
    if (window) checkWindow(window)
    const since = performance.now()
    const { epoch, run } = await loadFollowedRun(this.#db.pool, runId)
    // A deleted run: only clients that followed it have its cursor.
    if (run ? run.projectId !== scope.projectId : after === null) {
      throw new NotFoundError('There is no such run in this project.', ['runId'])
    }
    const position = after === null ? 0 : parsePosition(after, runId, epoch)
    // The database was rolled back without a new epoch.
    if (run && position > run.seq) throw new CursorExpiredError()
    const source: RunSource = {
      runId,
      window: run && window && ordinalsOf(window, run),
      items: !without.includes('items'),
      leftOut: needing(leftOut, ofLag),
      changedOutside: !without.includes('changedOutside'),
      stats,
    }
    const ended = AbortSignal.any([signal, this.changes.stopped])
    return this.#follow(source, { epoch, position, until, since }, ended)
  }

  /** The cursor with which `runFeed(after:)` continues from this state of a run. */
  async cursorOf(run: Run): Promise<string> {
    return runCursor(run.id, await this.#epochs.current(), run.seq)
  }

  async *#follow(
    source: RunSource,
    { epoch: from, position, until, since }: Start,
    signal: AbortSignal,
  ): AsyncGenerator<RunFeedBatch> {
    const reader = this.#readers.open(JSON.stringify(source), (onIdle) => new RunReader(this.#db, source, onIdle))
    let shown: Run | null = null
    let live = false
    let seen = position
    for await (const read of reader.follow(position, signal, { pastDone: until === 'NEVER', since })) {
      const { next, more, empty: _, epoch, readAt: __, ...batch } = read
      const { run } = batch
      if (epoch !== from || (run && run.seq < seen)) throw new CursorExpiredError()
      if (live) this.#reportLag(batch.items.at(-1))
      // A run may change without any of its items, and its status without a new `seq`.
      if (!shown || next > seen || run?.status !== shown.status) yield batch
      if (!run) return
      shown = run
      live ||= !more
      seen = next
    }
  }

  #reportLag(newest: ListedRunItem | undefined): void {
    const changedAt = newest?.finishedAt ?? newest?.startedAt
    // Clocks differ: never report a negative lag.
    if (changedAt) this.#onDelivery(Math.max(0, Date.now() - changedAt.getTime()) / 1_000)
  }
}

const subjectOf = (runId: string): Subject => ['run', runId]

function runCursor(runId: string, epoch: string, seq: number): string {
  return formatCursor(subjectOf(runId), epoch, String(seq))
}

function parsePosition(after: string, runId: string, epoch: string): number {
  const position = parseCursor(after, subjectOf(runId), epoch)
  if (!/^\d{1,10}$/.test(position)) throw unknownCursor(after)
  return Number(position)
}

function ordinalsOf(window: FeedWindow<number>, run: Run): OrdinalWindow {
  if ('items' in window) return { ordinals: window.items }
  const { repetitions } = run.settings as unknown as RunSettings
  const { from, to } = window.positions
  return { from: from * repetitions, to: (to + 1) * repetitions - 1 }
}
