/**
 * Which rows a grid shows, in their order, read as far as somebody has scrolled. Their content is in a `RowStore`; a list
 * never moves a row that it has shown.
 */
import { useSyncExternalStore } from 'react'

export interface RowListState {
  /** Slots of the grid; those without a row yet are skeletons. */
  count: number
  /** Whether the first rows have been read. */
  settled: boolean
  /** What to tell the person; null when nothing went wrong. */
  problem: string | null
}

export interface RowList {
  readonly state: RowListState
  subscribe(listener: () => void): () => void
  idAt(index: number): string | undefined
  /** −1 for a row that the list does not have (yet). */
  indexOf(id: string): number
  /** Reads what is missing in this range of slots. */
  ensure(from: number, to: number): void
}

export function useRowList(list: RowList): RowListState {
  return useSyncExternalStore(
    (listener) => list.subscribe(listener),
    () => list.state,
  )
}

abstract class ObservableList {
  abstract state: RowListState
  protected readonly ids: string[] = []
  readonly #indices = new Map<string, number>()
  readonly #listeners = new Set<() => void>()

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  idAt(index: number): string | undefined {
    return this.ids[index]
  }

  indexOf(id: string): number {
    return this.#indices.get(id) ?? -1
  }

  protected place(index: number, id: string): void {
    this.ids[index] = id
    this.#indices.set(id, index)
  }

  /** @returns the id that was there */
  protected clear(index: number): string | undefined {
    const id = this.ids[index]
    if (id === undefined) return undefined
    delete this.ids[index]
    this.#indices.delete(id)
    return id
  }

  protected change(now: Partial<RowListState>): void {
    this.state = { ...this.state, ...now }
    for (const listener of this.#listeners) listener()
  }
}

interface SlotListOptions {
  count: number
  slotsPerChunk: number
  /** The rows of a chunk, with their slots; rejects with what to tell the person. */
  load: (chunk: number) => Promise<{ id: string; slot: number }[]>
  /** A row is far from what is in view, and read again when that comes back. */
  forget?: (id: string) => void
}

/** How many chunks around those in view are kept. */
const keptChunks = 20

/** Every row has its slot from the start, so that any part can be read first. Only what is near the view is kept. */
export class SlotList extends ObservableList implements RowList {
  state: RowListState
  readonly #options: SlotListOptions
  readonly #reading = new Set<number>()
  readonly #read = new Set<number>()

  constructor(options: SlotListOptions) {
    super()
    this.state = { count: options.count, settled: options.count === 0, problem: null }
    this.#options = options
  }

  /** Reads a chunk more on either side, so that who scrolls meets rows. */
  ensure(from: number, to: number): void {
    const { slotsPerChunk } = this.#options
    const first = Math.floor(from / slotsPerChunk)
    const last = Math.floor(to / slotsPerChunk)
    const end = Math.floor((this.state.count - 1) / slotsPerChunk)
    // What is in view comes first.
    for (let chunk = first; chunk <= Math.min(last, end); chunk++) this.#want(chunk)
    if (last < end) this.#want(last + 1)
    if (first > 0) this.#want(first - 1)
    for (const chunk of this.#read) {
      if (chunk < first - keptChunks || chunk > last + keptChunks) this.#drop(chunk)
    }
  }

  #want(chunk: number) {
    if (!this.#read.has(chunk) && !this.#reading.has(chunk)) void this.#load(chunk)
  }

  async #load(chunk: number) {
    this.#reading.add(chunk)
    try {
      for (const { id, slot } of await this.#options.load(chunk)) this.place(slot, id)
      this.#read.add(chunk)
      this.change({ settled: true, problem: null })
    } catch (error) {
      this.change({ settled: true, problem: error instanceof Error ? error.message : String(error) })
    } finally {
      this.#reading.delete(chunk)
    }
  }

  #drop(chunk: number) {
    const { slotsPerChunk, forget } = this.#options
    this.#read.delete(chunk)
    for (let slot = chunk * slotsPerChunk; slot < (chunk + 1) * slotsPerChunk; slot++) {
      const id = this.clear(slot)
      if (id !== undefined) forget?.(id)
    }
  }
}

export interface ListPage {
  ids: string[]
  endCursor: string | null
  hasNextPage: boolean
}

/** How many rows before the end of what was read the next page is requested. */
const lookahead = 40

/** Rows in an order that only the server knows, read page by page. */
export class PagedList extends ObservableList implements RowList {
  state: RowListState = { count: 0, settled: false, problem: null }
  readonly #load: (after: string | null) => Promise<ListPage>
  #after: string | null = null
  #hasNext = true
  #reading = false

  /** @param load the page after a cursor; rejects with what to tell the person */
  constructor(load: (after: string | null) => Promise<ListPage>) {
    super()
    this.#load = load
  }

  ensure(_from: number, to: number): void {
    if (this.#hasNext && !this.#reading && to + lookahead >= this.ids.length) void this.#read()
  }

  /** Reads on to the end, or until there are more rows than this; rejects with what to tell the person. */
  async readUpTo(limit: number): Promise<readonly string[]> {
    while (this.#hasNext && this.ids.length <= limit) await this.#readPage()
    return this.ids
  }

  async #readPage() {
    const { ids, endCursor, hasNextPage } = await this.#load(this.#after)
    for (const id of ids) if (this.indexOf(id) < 0) this.place(this.ids.length, id)
    this.#after = endCursor
    this.#hasNext = hasNextPage
  }

  async #read() {
    this.#reading = true
    try {
      await this.#readPage()
      this.change({ count: this.ids.length + (this.#hasNext ? 1 : 0), settled: true, problem: null })
    } catch (error) {
      this.change({ settled: true, problem: error instanceof Error ? error.message : String(error) })
    } finally {
      this.#reading = false
    }
  }
}
