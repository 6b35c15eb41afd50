/**
 * What changed in a run, to any number of subscribers.
 *
 * A subscriber IS its cursor: it asks for the rows after it, gets the next batch, moves on. What it has missed while it
 * was slow, away or not yet there waits in the table, in its latest state, so there is no queue to fill and nothing to
 * lose. Subscribers at the same cursor share one read. NOTIFY, and a slow poll in case one got lost, only tell when to
 * ask again. (docs/feed.md has the protocol.)
 */
import type { Database } from '../db/client.ts'
import type { Run } from '../db/generated/prisma/client.ts'
import type { Listener } from '../db/listener.ts'
import { RunChanges } from '../db/run-changes.ts'
import { loadChangedItems, type RunItemWithScores } from '../db/sql/run-item/load-changed-items.ts'
import { InvalidInputError, NotFoundError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import type { Scope } from '../domain/scope.ts'
import { abortedPromise, WakeUp } from './wake-up.ts'

/** Rows that changed after the last cursor, and the run as it was when they were read. */
export interface RunFeedBatch {
  cursor: string
  run: Run
  items: RunItemWithScores[]
  /** Nothing will follow: the run is over and everything is delivered. */
  done: boolean
}

const batchSize = 100
/** Changes are collected for so long, so that a busy run costs a bounded number of reads. */
const paceMs = 40
/** A shared read is kept while subscribers may still arrive at its cursor. */
const keepMs = 1_000

/** The subscribers of one run in this process. */
class RunReader {
  readonly #db: Database
  readonly #runId: string
  readonly #reads = new Map<number, Promise<RunFeedBatch>>()
  readonly #news = new WakeUp(paceMs)
  subscribers = 0

  constructor(db: Database, runId: string) {
    this.#db = db
    this.#runId = runId
  }

  /** The batch after a cursor; the same one for everybody who asks from there at about the same time. */
  read(after: number): Promise<RunFeedBatch> {
    const shared = this.#reads.get(after)
    if (shared) return shared
    const read = this.#query(after)
    this.#reads.set(after, read)
    const forget = () => this.#reads.delete(after)
    read.then(({ items, done }) => {
      const others = this.subscribers > 1 && (items.length > 0 || done)
      if (others) setTimeout(forget, keepMs).unref()
      else forget()
    }, forget)
    return read
  }

  /** Resolves when there may be something new. */
  changed(): Promise<void> {
    return this.#news.next()
  }

  wake(): void {
    this.#news.wake()
  }

  async #query(after: number): Promise<RunFeedBatch> {
    const run = await this.#db.prisma.run.findUnique({ where: { id: this.#runId } })
    if (!run) throw new NotFoundError('The run was deleted.')
    // Rows that change after the run was read have a larger seq and come with the next batch.
    const items = run.seq > after ? await loadChangedItems(this.#db.pool, run.id, after, run.seq, batchSize) : []
    const cursor = items.length === batchSize ? (items.at(-1)?.seq ?? run.seq) : Math.max(run.seq, after)
    return { cursor: String(cursor), run, items, done: isFinished(run.status) && cursor >= run.seq }
  }
}

export class RunFeeds {
  readonly #db: Database
  readonly #readers = new Map<string, RunReader>()
  readonly #delivered: (seconds: number) => void
  /** Wakes whoever follows runs in this process. */
  readonly changes: RunChanges

  /** @param delivered told, for every batch of a subscriber that follows live, of its newest item's age in seconds */
  constructor(db: Database, listener: Listener, delivered: (seconds: number) => void = () => {}) {
    this.#db = db
    this.#delivered = delivered
    this.changes = new RunChanges(listener)
    this.changes.on((runId) => {
      if (runId !== null) this.#readers.get(runId)?.wake()
      else for (const reader of this.#readers.values()) reader.wake()
    })
  }

  /** Subscribers now. */
  get subscribers(): number {
    return [...this.#readers.values()].reduce((sum, reader) => sum + reader.subscribers, 0)
  }

  /**
   * Everything after the cursor, then what changes, until the run is over. The first batch comes at once, even an empty
   * one; without a cursor it starts at the beginning. Ends quietly when the signal aborts or the feeds are stopped.
   *
   * @throws {NotFoundError} the project has no such run
   * @throws {InvalidInputError} a cursor that this run never gave
   */
  async *subscribe(
    scope: Scope,
    runId: string,
    after: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<RunFeedBatch> {
    const { projectId } = scope
    const run = await this.#db.prisma.run.findFirst({ where: { id: runId, projectId }, select: { seq: true } })
    if (!run) throw new NotFoundError('There is no such run in this project.', ['runId'])
    let cursor = parseCursor(after, run.seq)

    const reader = this.#readers.get(runId) ?? new RunReader(this.#db, runId)
    this.#readers.set(runId, reader)
    reader.subscribers += 1
    const ended = abortedPromise(AbortSignal.any([signal, this.changes.stopped]))
    try {
      let live = false
      for (let first = true; ; first = false) {
        const changed = reader.changed()
        const batch = await reader.read(cursor)
        if (ended.aborted) return
        cursor = Number(batch.cursor)
        if (live) this.#tellAge(batch.items.at(-1))
        if (first || batch.items.length > 0 || batch.done) yield batch
        live ||= batch.items.length < batchSize
        if (batch.done || ended.aborted) return
        if (batch.items.length < batchSize) await Promise.race([changed, ended.promise])
        if (ended.aborted) return
      }
    } finally {
      ended.dispose()
      reader.subscribers -= 1
      if (reader.subscribers === 0) this.#readers.delete(runId)
    }
  }

  #tellAge(newest: RunItemWithScores | undefined): void {
    const changedAt = newest?.finishedAt ?? newest?.startedAt
    // Clocks differ, and a delivery before its change would be nonsense.
    if (changedAt) this.#delivered(Math.max(0, Date.now() - changedAt.getTime()) / 1_000)
  }

  /** Ends every subscription. Idempotent. */
  stop(): void {
    this.changes.stop()
  }
}

function parseCursor(after: string | null, seq: number): number {
  if (after === null) return 0
  const cursor = /^\d{1,10}$/.test(after) ? Number(after) : Number.NaN
  if (cursor <= seq) return cursor
  throw new InvalidInputError(
    `expected a cursor that this run's feed gave (0 to ${seq}), got ${JSON.stringify(after)}; leave it out to start over`,
    ['after'],
  )
}
