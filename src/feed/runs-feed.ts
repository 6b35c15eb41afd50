/**
 * Publishes changes of the runs of a project or dataset. The cursor is a position in the append-only event table;
 * unfinished runs are always delivered first, so that executing them writes no events.
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { loadFeedEpoch } from '../db/sql/run/feed-epoch.ts'
import { isSnapshot, loadRunChanges, type Place } from '../db/sql/run/load-run-changes.ts'
import { CursorExpiredError, NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { abortedPromise, WakeUp } from './wake-up.ts'

/** Runs that changed since the last batch, in their latest state. */
export interface RunsFeedBatch {
  cursor: string
  runs: Run[]
  deletedIds: string[]
}

/** Minimum time between batches, however busy the runs are. */
const paceMs = 250
const batchSize = 100

interface RunsSource {
  db: Database
  changes: RunChanges
  projectId: string
  datasetId: string | null
}

/**
 * The runs of a project, or of one of its datasets: first the unfinished ones and, with a cursor, those that were
 * created, changed or deleted since; then each one whenever it changes. The first batch is delivered at once, even if
 * empty. Ends when the signal aborts or the process stops; throws CursorExpiredError when the cursor is too old, or the
 * database is restored meanwhile.
 *
 * @throws {NotFoundError} the project has no such dataset
 * @throws {InvalidInputError} a cursor that is not of this feed
 * @throws {CursorExpiredError} a cursor from before the database was restored or copied
 */
export async function followRuns(
  db: Database,
  changes: RunChanges,
  { projectId }: Scope,
  { datasetId, after }: { datasetId: string | null; after: string | null },
  signal: AbortSignal,
): Promise<AsyncGenerator<RunsFeedBatch>> {
  if (datasetId !== null) {
    const dataset = await db.prisma.dataset.findFirst({ where: { id: datasetId, projectId }, select: { id: true } })
    if (!dataset) throw new NotFoundError('There is no such dataset in this project.', ['datasetId'])
  }
  const source = { db, changes, projectId, datasetId }
  const epoch = await loadFeedEpoch(db.pool)
  const since = after === null ? null : await parsePlace(source, after, epoch)
  return follow(source, { epoch, after, since }, AbortSignal.any([signal, changes.stopped]))
}

async function* follow(
  { db, changes, projectId, datasetId }: RunsSource,
  from: { epoch: string; after: string | null; since: Place | null },
  signal: AbortSignal,
): AsyncGenerator<RunsFeedBatch> {
  const news = new WakeUp(paceMs)
  const off = changes.on(() => news.wake())
  const ended = abortedPromise(signal)
  /** Unfinished runs in the state last sent. */
  const open = new Map<string, Run>()
  let { since, after: cursor } = from
  try {
    for (let first = true; !ended.aborted; first = false) {
      const next = news.next()
      const read = await loadRunChanges(db.pool, {
        projectId,
        datasetId,
        since,
        open: first ? null : [...open.keys()],
      })
      if (read.epoch !== from.epoch || read.expired) throw new CursorExpiredError()
      const latest = formatCursor(subjectOf(projectId, datasetId), read.epoch, formatPlace(read.place))
      const runs = read.runs.filter((run) => hasChanged(run, open.get(run.id)))
      for (const id of read.deletedIds) open.delete(id)
      for (const run of runs) {
        if (isFinished(run.status)) open.delete(run.id)
        else open.set(run.id, run)
      }
      const deletedIds = read.deletedIds
      for (
        let start = 0;
        start < runs.length || (start === 0 && (first || deletedIds.length > 0));
        start += batchSize
      ) {
        if (ended.aborted) return
        // Only the last part may carry the new cursor.
        const isLast = start + batchSize >= runs.length
        yield {
          cursor: isLast ? latest : (cursor ?? latest),
          runs: runs.slice(start, start + batchSize),
          deletedIds: isLast ? deletedIds : [],
        }
      }
      cursor = latest
      since = read.place
      await Promise.race([next, ended.promise])
    }
  } finally {
    ended.dispose()
    off()
    news.stop()
  }
}

/** A finished run is only read on an event; an open one has changed if its position or status has. */
function hasChanged(run: Run, sent: Run | undefined): boolean {
  return !sent || sent.seq !== run.seq || sent.status !== run.status
}

function subjectOf(projectId: string, datasetId: string | null): Subject {
  return ['runs', projectId, datasetId ?? '']
}

const formatPlace = ({ at, snapshot }: Place) => `${at}.${snapshot}`

async function parsePlace({ db, projectId, datasetId }: RunsSource, after: string, epoch: string): Promise<Place> {
  const text = parseCursor(after, subjectOf(projectId, datasetId), epoch)
  const [, at, snapshot = ''] = /^(\d{1,10})\.([\d:,]+)$/.exec(text) ?? []
  if (!(await isSnapshot(db.pool, snapshot))) throw unknownCursor(after)
  return { at: Number(at), snapshot }
}
