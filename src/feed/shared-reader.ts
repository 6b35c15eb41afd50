/**
 * Shared by the feeds: subscribers are cursors, and those at the same cursor share one read.
 */
import type { Clock } from '../domain/clock.ts'
import { WakeUp, watchAbort } from './wake-up.ts'

/** The part of a batch that controls delivery. */
export interface SharedBatch<Cursor> {
  /** The cursor of the next batch. */
  next: Cursor
  /** Nothing changed since the cursor. */
  empty: boolean
  /** The next batch can be read at once. */
  more: boolean
  /** When its read began, as of `performance.now()`. */
  readAt: number
  /** Everything is delivered and the source has finished; it may still be resumed. */
  done: boolean
}

/** A shared read is kept while subscribers may still arrive at its cursor. */
const keepMs = 1_000

interface SharedRead<Batch> {
  batch: Promise<Batch>
  /** Resolves when there may be newer changes. */
  outdated: Promise<void>
  /** Forgets it later; null: not planned. */
  late: NodeJS.Timeout | null
}

/** Reads one source on behalf of its subscribers in this process. */
export abstract class SharedReader<Cursor, Batch extends SharedBatch<Cursor>> {
  readonly #reads = new Map<string, SharedRead<Batch>>()
  readonly #news: WakeUp
  readonly #onIdle: () => void
  #subscribers = 0

  /**
   * @param paceMs how long changes are collected before they are read
   * @param onIdle called when the last subscriber leaves
   * @param clock default: the system's
   */
  constructor(paceMs: number, onIdle: () => void, clock?: Clock) {
    this.#news = new WakeUp(paceMs, clock)
    this.#onIdle = onIdle
  }

  get subscribers(): number {
    return this.#subscribers
  }

  /** Schedules a read. @param delayMs default: the pace */
  wake(delayMs?: number): void {
    this.#news.wake(delayMs)
  }

  /**
   * Yields batches, the first one at once, even if empty, and never a latest state that was read before `since`, as of
   * `performance.now()`. Ends when done, unless `pastDone`, or without an error when the signal aborts.
   */
  async *follow(
    after: Cursor,
    signal: AbortSignal,
    { pastDone = false, since = performance.now() } = {},
  ): AsyncGenerator<Batch> {
    this.#subscribers += 1
    const ended = watchAbort(signal)
    try {
      for (let cursor = after; !ended.aborted; ) {
        const read = this.#read(cursor)
        const batch = await read.batch
        if (ended.aborted) return
        if (!batch.more && batch.readAt < since) {
          this.#forget(String(cursor), read)
          continue
        }
        cursor = batch.next
        yield batch
        if (batch.done && !pastDone) return
        if (!batch.more) await ended.until(read.outdated)
      }
    } finally {
      ended.dispose()
      this.#subscribers -= 1
      if (this.#subscribers === 0) {
        this.#news.stop()
        this.#onIdle()
      }
    }
  }

  /** Reads one batch or several, in their order; those after the first are kept for who continues. */
  protected abstract query(after: Cursor): Promise<[Batch, ...Batch[]]>

  /** The batch after a cursor, shared by subscribers that read from there at about the same time. */
  #read(after: Cursor): SharedRead<Batch> {
    const shared = this.#reads.get(String(after))
    if (shared) {
      // Rows that nobody else needs are not kept alive, by a timer neither.
      if (this.#subscribers === 1) this.#forget(String(after), shared)
      return shared
    }
    // Before the read, so that no change is missed, also by a subscriber that shares the read later.
    const outdated = this.#news.next()
    const batches = this.query(after)
    const read = this.#keep(
      after,
      batches.then(([first]) => first),
      outdated,
    )
    const forget = () => this.#forget(String(after), read)
    batches.then(([first, ...others]) => {
      if (this.#subscribers > 1 && (!first.empty || first.done)) this.#forgetLater(after, read)
      else forget()
      // A subscriber that continues past the end reads from the same cursor again.
      if (first.empty) void outdated.then(forget)
      let before = first
      for (const batch of others) {
        this.#forgetLater(before.next, this.#keep(before.next, Promise.resolve(batch), outdated))
        before = batch
      }
    }, forget)
    return read
  }

  #keep(after: Cursor, batch: Promise<Batch>, outdated: Promise<void>): SharedRead<Batch> {
    const read = { batch, outdated, late: null }
    this.#reads.set(String(after), read)
    return read
  }

  #forgetLater(after: Cursor, read: SharedRead<Batch>): void {
    read.late = setTimeout(() => this.#forget(String(after), read), keepMs).unref()
  }

  #forget(key: string, read: SharedRead<Batch>): void {
    if (read.late) clearTimeout(read.late)
    if (this.#reads.get(key) === read) this.#reads.delete(key)
  }
}

/** Readers by the name of their source. */
export class SharedReaders<Reader extends { readonly subscribers: number }> {
  readonly #readers = new Map<string, Reader>()

  /** Current subscribers of all readers. */
  get subscribers(): number {
    return [...this.#readers.values()].reduce((sum, reader) => sum + reader.subscribers, 0)
  }

  values(): Iterable<Reader> {
    return this.#readers.values()
  }

  /** The reader of that name, created on first use; it must call `onIdle` when its last subscriber leaves. */
  open(name: string, create: (onIdle: () => void) => Reader): Reader {
    const reader = this.#readers.get(name) ?? create(() => this.#readers.delete(name))
    this.#readers.set(name, reader)
    return reader
  }
}
