/**
 * What changed in a run, to any number of subscribers.
 *
 * A subscriber IS its cursor: it asks for the rows after it, gets the next batch, moves on. What it has missed while it
 * was slow, away or not yet there waits in the table, in its latest state, so there is no queue to fill and nothing to
 * lose. Subscribers at the same cursor share one read. NOTIFY, and a slow poll in case one got lost, only trigger the next
 * read. (docs/feed.md has the protocol.)
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { RunChanges } from '../db/run-changes.ts'
import { loadFollowedRun } from '../db/sql/run/load-followed-run.ts'
import { loadChangedItems, type RunItemWithScores } from '../db/sql/run-item/load-changed-items.ts'
import { CursorExpiredError, NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { formatCursor, parseCursor, type Subject, unknownCursor } from './cursor.ts'
import { Epochs } from './epochs.ts'
import { type SharedBatch, SharedReader, SharedReaders } from './shared-reader.ts'

/** Rows that changed after the last cursor, and the run as it was when they were read. */
export interface RunFeedBatch {
  cursor: string
  run: Run
  items: RunItemWithScores[]
  /** Nothing will follow: the run is over and everything is delivered. */
  done: boolean
}

interface SharedRunBatch extends RunFeedBatch, SharedBatch<number> {
  epoch: string
}

const batchSize = 100
/** A busy run is read no more often than this. */
const paceMs = 40

class RunReader extends SharedReader<number, SharedRunBatch> {
  readonly #db: Database
  readonly #runId: string

  constructor(db: Database, runId: string, onIdle: () => void) {
    super(paceMs, onIdle)
    this.#db = db
    this.#runId = runId
  }

  protected override async query(after: number): Promise<SharedRunBatch> {
    const { epoch, run } = await loadFollowedRun(this.#db.pool, this.#runId)
    if (!run) throw new NotFoundError('The run was deleted.')
    // Rows that change after the run was read have a larger seq and come with the next batch.
    const items = run.seq > after ? await loadChangedItems(this.#db.pool, run.id, after, run.seq, batchSize) : []
    const more = items.length === batchSize
    const next = more ? (items.at(-1)?.seq ?? run.seq) : Math.max(run.seq, after)
    const done = isFinished(run.status) && next >= run.seq
    const cursor = runCursor(run.id, epoch, next)
    return { cursor, run, items, done, next, more, empty: items.length === 0, epoch }
  }
}

export class RunFeeds {
  /** Notifies of every run that may have changed. */
  readonly changes: RunChanges
  readonly #db: Database
  readonly #readers = new SharedReaders<RunReader>()
  readonly #epochs: Epochs
  readonly #onDelivery: (lagSeconds: number) => void

  /** @param onDelivery called for every batch of a subscriber that follows live, with the age of its newest item */
  constructor(db: Database, changes: RunChanges, onDelivery: (lagSeconds: number) => void = () => {}) {
    this.#db = db
    this.#epochs = new Epochs(db)
    this.#onDelivery = onDelivery
    this.changes = changes
    changes.on((runId) => {
      if (runId !== null) this.#readers.get(runId)?.wake()
      else for (const reader of this.#readers.values()) reader.wake()
    })
  }

  /** Subscribers now. */
  get subscribers(): number {
    return this.#readers.subscribers
  }

  /**
   * Everything after the cursor, then what changes, until the run is over. The first batch comes at once, even an empty
   * one; without a cursor it starts at the beginning. Ends quietly when the signal aborts or the process stops; throws
   * CursorExpiredError when the database is restored meanwhile.
   *
   * @throws {NotFoundError} the project has no such run
   * @throws {InvalidInputError} a cursor that this run's feed never gave
   * @throws {CursorExpiredError} a cursor from before the database was restored or copied
   */
  async subscribe(
    scope: Scope,
    runId: string,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<RunFeedBatch>> {
    const { epoch, run } = await loadFollowedRun(this.#db.pool, runId)
    if (run?.projectId !== scope.projectId) {
      throw new NotFoundError('There is no such run in this project.', ['runId'])
    }
    const position = after === null ? 0 : parsePosition(after, run, epoch)
    return this.#follow(runId, epoch, position, AbortSignal.any([signal, this.changes.stopped]))
  }

  /** What `runFeed(after:)` takes to continue from this row of a run. */
  async cursorOf(run: Run): Promise<string> {
    return runCursor(run.id, await this.#epochs.current(), run.seq)
  }

  async *#follow(runId: string, from: string, position: number, signal: AbortSignal): AsyncGenerator<RunFeedBatch> {
    const reader = this.#readers.open(runId, (onIdle) => new RunReader(this.#db, runId, onIdle))
    let first = true
    let live = false
    let seen = position
    for await (const read of reader.follow(position, signal)) {
      const { next, more, empty, epoch, ...batch } = read
      if (epoch !== from || batch.run.seq < seen) throw new CursorExpiredError()
      if (live) this.#reportLag(batch.items.at(-1))
      if (first || !empty || batch.done) yield batch
      first = false
      live ||= !more
      seen = next
    }
  }

  #reportLag(newest: RunItemWithScores | undefined): void {
    const changedAt = newest?.finishedAt ?? newest?.startedAt
    // Clocks differ, and a delivery before its change would be nonsense.
    if (changedAt) this.#onDelivery(Math.max(0, Date.now() - changedAt.getTime()) / 1_000)
  }
}

const subjectOf = (runId: string): Subject => ['run', runId]

function runCursor(runId: string, epoch: string, seq: number): string {
  return formatCursor(subjectOf(runId), epoch, String(seq))
}

/** @throws {CursorExpiredError} also when the run is not that far: the database went back without its epoch changing */
function parsePosition(after: string, run: Run, epoch: string): number {
  const position = parseCursor(after, subjectOf(run.id), epoch)
  if (!/^\d{1,10}$/.test(position)) throw unknownCursor(after)
  if (Number(position) > run.seq) throw new CursorExpiredError()
  return Number(position)
}
