/**
 * Reads the changes of the runs of a project or dataset for all its subscribers in this process. Those that wait when
 * a round begins share one read; one that was too slow for a round, or is new, catches up with a read of its own.
 */
import type { Database } from '../db/client.ts'
import type { RunOrigin } from '../db/sql/run/find-run-origin.ts'
import { type RunChanges as ChangedRuns, loadRunChanges, type Place } from '../db/sql/run/load-run-changes.ts'
import { CursorExpiredError } from '../domain/errors.ts'
import { isFinished } from '../domain/run.ts'
import { WakeUp, watchAbort } from './wake-up.ts'

/** Minimum time between rounds, however busy the runs are. */
const paceMs = 250

export interface RunsSource {
  projectId: string
  /** Null: of any dataset. */
  datasetId: string | null
}

/** What was read, with when that began, as of `performance.now()`. */
type DatedRuns = ChangedRuns & { readAt: number }

/** What was read, and the round that comes next for a subscriber who has it. */
export type RunsRead = DatedRuns & { round: number }

export class RunsReader {
  readonly #db: Database
  readonly #source: RunsSource
  readonly #news = new WakeUp(paceMs)
  readonly #stopped = new AbortController()
  readonly #onIdle: () => void
  /** Reads of single subscribers. They and rounds take turns, so that a round always sees what they have seen. */
  readonly #catchUps = new Set<Promise<unknown>>()
  /** The round that is on, until it is over. */
  #reading: Promise<void> | null = null
  #round = 0
  #next = Promise.withResolvers<RunsRead>()
  /** Of the last round. */
  #latest: ChangedRuns | null = null
  /** All runs that had not ended when a round or a subscriber last saw them. */
  readonly #open = new Set<string>()
  #subscribers = 0

  /** @param onIdle called when the last subscriber leaves */
  constructor(db: Database, source: RunsSource, onIdle: () => void) {
    this.#db = db
    this.#source = source
    this.#onIdle = onIdle
    void this.#readRounds(this.#stopped.signal)
  }

  get subscribers(): number {
    return this.#subscribers
  }

  /** Schedules a round, if it reads runs of this origin. @param origin null: any may have changed */
  wake(origin: RunOrigin | null): void {
    const { projectId, datasetId } = this.#source
    if (origin && (origin.projectId !== projectId || (datasetId !== null && origin.datasetId !== datasetId))) return
    this.#news.wake()
  }

  join(): void {
    this.#subscribers += 1
  }

  leave(): void {
    this.#subscribers -= 1
    if (this.#subscribers > 0) return
    this.#stopped.abort()
    this.#news.stop()
    this.#onIdle()
  }

  /**
   * For one subscriber.
   * @param since the place that it has reached
   * @param open the runs that had not ended there; null when it is not known
   */
  async catchUp(since: Place | null, open: readonly string[] | null): Promise<RunsRead> {
    while (this.#reading) await this.#reading
    const reading = this.#load(since, open)
    this.#catchUps.add(reading)
    try {
      const read = await reading
      for (const { id, status } of read.runs) if (!isFinished(status)) this.#open.add(id)
      return { ...read, round: this.#round }
    } finally {
      this.#catchUps.delete(reading)
    }
  }

  /**
   * What changed for those who have everything before a round; null when that round is over. Some of it they may have
   * from catching up.
   */
  changesIn(round: number): Promise<RunsRead> | null {
    return round === this.#round ? this.#next.promise : null
  }

  async #readRounds(signal: AbortSignal): Promise<void> {
    const ended = watchAbort(signal)
    while (!ended.aborted) {
      // Before the read, so that no change is missed.
      const news = this.#news.next()
      this.#reading = this.#readRound()
      await this.#reading
      this.#reading = null
      await ended.until(news)
    }
    ended.dispose()
  }

  async #readRound(): Promise<void> {
    await Promise.allSettled(this.#catchUps)
    const { promise, resolve, reject } = this.#next
    // There may be nobody who waits for it.
    promise.catch(() => {})
    const read = await this.#loadRound().catch((error: unknown) => void reject(error))
    this.#round += 1
    this.#next = Promise.withResolvers()
    if (read) resolve({ ...read, round: this.#round })
  }

  async #loadRound(): Promise<DatedRuns> {
    const before = this.#latest
    const read = await this.#load(before?.place ?? null, before && [...this.#open])
    this.#latest = read
    if (before && before.epoch !== read.epoch) {
      // Its places mean nothing in the database that was restored.
      this.#open.clear()
      this.#latest = null
      throw new CursorExpiredError()
    }
    for (const id of read.deletedIds) this.#open.delete(id)
    for (const { id, status } of read.runs) {
      if (isFinished(status)) this.#open.delete(id)
      else this.#open.add(id)
    }
    return read
  }

  async #load(since: Place | null, open: readonly string[] | null): Promise<DatedRuns> {
    const readAt = performance.now()
    return { ...(await loadRunChanges(this.#db.pool, { ...this.#source, since, open })), readAt }
  }
}
