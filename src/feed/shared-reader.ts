/**
 * What the feeds have in common: subscribers that are cursors, and one read for all of them that are at the same place.
 */
import { abortedPromise, WakeUp } from './wake-up.ts'

/** What following needs to know of a batch. */
export interface SharedBatch<Cursor> {
  /** Where the next batch begins. */
  next: Cursor
  /** Nothing changed since the cursor. */
  empty: boolean
  /** The next batch can be read at once. */
  more: boolean
  /** Everything is delivered and the source is over; it may still be taken up again. */
  done: boolean
}

/** A shared read is kept while subscribers may still arrive at its cursor. */
const keepMs = 1_000

interface SharedRead<Batch> {
  batch: Promise<Batch>
  /** Resolves when there may be something that it has not seen. */
  outdated: Promise<void>
}

/** Reads one source on behalf of its subscribers in this process. */
export abstract class SharedReader<Cursor, Batch extends SharedBatch<Cursor>> {
  readonly #reads = new Map<string, SharedRead<Batch>>()
  readonly #news: WakeUp
  readonly #onIdle: () => void
  #subscribers = 0

  /** @param paceMs for how long changes are collected before they are read @param onIdle the last subscriber left */
  constructor(paceMs: number, onIdle: () => void) {
    this.#news = new WakeUp(paceMs)
    this.#onIdle = onIdle
  }

  get subscribers(): number {
    return this.#subscribers
  }

  /** Something may have changed. @param delayMs until it is read; default: the pace */
  wake(delayMs?: number): void {
    this.#news.wake(delayMs)
  }

  /**
   * Batch after batch, the first one at once, even when empty. Ends when done, unless it is to go on past that, or quietly
   * with the signal.
   */
  async *follow(after: Cursor, signal: AbortSignal, pastDone = false): AsyncGenerator<Batch> {
    this.#subscribers += 1
    const ended = abortedPromise(signal)
    try {
      for (let cursor = after; !ended.aborted; ) {
        const read = this.#read(cursor)
        const batch = await read.batch
        if (ended.aborted) return
        cursor = batch.next
        yield batch
        if (batch.done && !pastDone) return
        if (!batch.more) await Promise.race([read.outdated, ended.promise])
      }
    } finally {
      ended.dispose()
      this.#subscribers -= 1
      if (this.#subscribers === 0) this.#onIdle()
    }
  }

  protected abstract query(after: Cursor): Promise<Batch>

  /** The batch after a cursor; the same one for all who ask from there at about the same time. */
  #read(after: Cursor): SharedRead<Batch> {
    const key = String(after)
    const shared = this.#reads.get(key)
    if (shared) return shared
    // Taken before the read, so that no change falls in between, also for a subscriber that shares the read later.
    const outdated = this.#news.next()
    const read = { batch: this.query(after), outdated }
    this.#reads.set(key, read)
    const forget = () => {
      if (this.#reads.get(key) === read) this.#reads.delete(key)
    }
    read.batch.then(({ empty, done }) => {
      if (this.#subscribers > 1 && (!empty || done)) setTimeout(forget, keepMs).unref()
      else forget()
      // Whoever goes on past the end asks from the same cursor again.
      if (empty) void outdated.then(forget)
    }, forget)
    return read
  }
}

/** Readers by the name of what they read. */
export class SharedReaders<Reader extends { readonly subscribers: number }> {
  readonly #readers = new Map<string, Reader>()

  /** Subscribers of all readers now. */
  get subscribers(): number {
    return [...this.#readers.values()].reduce((sum, reader) => sum + reader.subscribers, 0)
  }

  values(): Iterable<Reader> {
    return this.#readers.values()
  }

  /** The reader of that name, made if there is none; it must call `onIdle` when its last subscriber leaves. */
  open(name: string, create: (onIdle: () => void) => Reader): Reader {
    const reader = this.#readers.get(name) ?? create(() => this.#readers.delete(name))
    this.#readers.set(name, reader)
    return reader
  }
}
