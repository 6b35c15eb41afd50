/**
 * Publishes changes of the runs of a project or dataset. The cursor is a position in the append-only event table;
 * unfinished runs are always delivered first, so that executing them writes no events.
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { loadFeedEpoch } from '../db/sql/run/feed-epoch.ts'
import { isSnapshot, type Place } from '../db/sql/run/load-run-changes.ts'
import { CursorExpiredError, NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { type FeedPosition, ownPlace } from './position.ts'
import { RunOrigins } from './run-origins.ts'
import { type RunsRead, RunsReader, type RunsSource } from './runs-reader.ts'
import { SharedReaders } from './shared-reader.ts'
import { watchAbort } from './wake-up.ts'

/** Runs that changed since the last batch, in their latest state. */
export interface RunsFeedBatch {
  cursor: string
  runs: Run[]
  deletedIds: string[]
  position: FeedPosition
}

const batchSize = 100

/** Where a subscription begins. */
interface Start {
  epoch: string
  after: string | null
  since: Place | null
}

export class RunsFeeds {
  readonly #db: Database
  readonly #changes: RunChanges
  readonly #readers = new SharedReaders<RunsReader>()
  readonly #origins: RunOrigins

  constructor(db: Database, changes: RunChanges) {
    this.#db = db
    this.#changes = changes
    this.#origins = new RunOrigins(db.pool)
    changes.on((runId) => void this.#wake(runId))
  }

  /**
   * The runs of a project, or of one of its datasets: first the unfinished ones and, with a cursor, those that were
   * created, changed or deleted since; then each one whenever it changes. The first batch is delivered at once, even if
   * empty. Ends when the signal aborts or the process stops; throws CursorExpiredError when the cursor is too old, or
   * the database is restored meanwhile.
   *
   * @throws {NotFoundError} the project has no such dataset
   * @throws {InvalidInputError} a cursor that is not of this feed
   * @throws {CursorExpiredError} a cursor from before the database was restored or copied
   */
  async subscribe(
    { projectId }: Scope,
    { datasetId, after }: { datasetId: string | null; after: string | null },
    signal: AbortSignal,
  ): Promise<AsyncGenerator<RunsFeedBatch>> {
    const { pool, prisma } = this.#db
    if (datasetId !== null) {
      const dataset = await prisma.dataset.findFirst({ where: { id: datasetId, projectId }, select: { id: true } })
      if (!dataset) throw new NotFoundError('There is no such dataset in this project.', ['datasetId'])
    }
    const source = { projectId, datasetId }
    const epoch = await loadFeedEpoch(pool)
    const since = after === null ? null : await this.#parsePlace(source, after, epoch)
    return this.#follow(source, { epoch, after, since }, AbortSignal.any([signal, this.#changes.stopped]))
  }

  async *#follow(source: RunsSource, from: Start, signal: AbortSignal): AsyncGenerator<RunsFeedBatch> {
    const ended = watchAbort(signal)
    const reader = this.#readers.open(subjectOf(source).join(), (onIdle) => new RunsReader(this.#db, source, onIdle))
    reader.join()
    /** The state last sent, null of a deleted run; of runs that have ended only from the last read. */
    let sent = new Map<string, Run | null>()
    let { since, after: cursor } = from
    try {
      for (let round: number | null = null; !ended.aborted; ) {
        const first = round === null
        const open = [...sent.values()].filter(isOpen)
        const shared = round === null ? null : reader.changesIn(round)
        const reading: Promise<RunsRead> = shared ?? reader.catchUp(since, first ? null : open.map(({ id }) => id))
        await ended.until(reading)
        if (ended.aborted) return
        const read: RunsRead = await reading
        if (read.epoch !== from.epoch || read.expired) throw new CursorExpiredError()
        const latest = formatCursor(subjectOf(source), read.epoch, formatPlace(read.place))
        const runs = read.runs.filter((run) => hasChanged(run, sent.get(run.id)))
        const deletedIds = read.deletedIds.filter((id) => sent.get(id) !== null)
        sent = new Map<string, Run | null>([...open, ...read.runs].map((run) => [run.id, run]))
        for (const id of read.deletedIds) sent.set(id, null)
        for (
          let start = 0;
          start < runs.length || (start === 0 && (first || deletedIds.length > 0));
          start += batchSize
        ) {
          if (ended.aborted) return
          // Only the last part may carry the new cursor.
          const isLast = start + batchSize >= runs.length
          const reached = isLast ? latest : (cursor ?? latest)
          yield {
            cursor: reached,
            runs: runs.slice(start, start + batchSize),
            deletedIds: isLast ? deletedIds : [],
            // After a round all that share it have the same; one that caught up may be ahead of it.
            position: {
              place: isLast && shared ? reached : ownPlace(),
              order: null,
              cursor: reached,
              more: !isLast,
              readAt: read.readAt,
            },
          }
        }
        cursor = latest
        since = read.place
        round = read.round
      }
    } finally {
      ended.dispose()
      reader.leave()
    }
  }

  /** Wakes the readers of the run's project and dataset; all of them when it is not known which those are. */
  async #wake(runId: string | null): Promise<void> {
    if ([...this.#readers.values()].length === 0) return
    const origin = runId === null ? null : await this.#origins.of(runId)
    for (const reader of this.#readers.values()) reader.wake(origin)
  }

  async #parsePlace(source: RunsSource, after: string, epoch: string): Promise<Place> {
    const text = parseCursor(after, subjectOf(source), epoch)
    const [, at, snapshot = ''] = /^(\d{1,10})\.([\d:,]+)$/.exec(text) ?? []
    if (!(await isSnapshot(this.#db.pool, snapshot))) throw unknownCursor(after)
    return { at: Number(at), snapshot }
  }
}

/** A finished run is only read on an event; an open one has changed if its position or status has. */
function hasChanged(run: Run, sent: Run | null | undefined): boolean {
  return !sent || sent.seq !== run.seq || sent.status !== run.status
}

function isOpen(run: Run | null): run is Run {
  return run !== null && !isFinished(run.status)
}

function subjectOf({ projectId, datasetId }: RunsSource): Subject {
  return ['runs', projectId, datasetId ?? '']
}

const formatPlace = ({ at, snapshot }: Place) => `${at}.${snapshot}`
