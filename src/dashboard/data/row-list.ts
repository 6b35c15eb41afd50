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

  protected change(now: Partial<RowListState>): void {
    this.state = { ...this.state, ...now }
    for (const listener of this.#listeners) listener()
  }
}

/** Every row has its slot from the start, so that any part can be read first. */
export class SlotList extends ObservableList implements RowList {
  state: RowListState
  readonly #slotsPerChunk: number
  readonly #load: (chunk: number) => Promise<{ id: string; slot: number }[]>
  readonly #requested = new Set<number>()

  /** @param load the rows of a chunk, with their slots; rejects with what to tell the person */
  constructor(count: number, slotsPerChunk: number, load: (chunk: number) => Promise<{ id: string; slot: number }[]>) {
    super()
    this.state = { count, settled: count === 0, problem: null }
    this.#slotsPerChunk = slotsPerChunk
    this.#load = load
  }

  ensure(from: number, to: number): void {
    const last = Math.floor(Math.min(to, this.state.count - 1) / this.#slotsPerChunk)
    for (let chunk = Math.floor(from / this.#slotsPerChunk); chunk <= last; chunk++) {
      if (!this.#requested.has(chunk)) void this.#read(chunk)
    }
  }

  async #read(chunk: number) {
    this.#requested.add(chunk)
    try {
      for (const { id, slot } of await this.#load(chunk)) this.place(slot, id)
      this.change({ settled: true, problem: null })
    } catch (error) {
      this.#requested.delete(chunk)
      this.change({ settled: true, problem: error instanceof Error ? error.message : String(error) })
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

  async #read() {
    this.#reading = true
    try {
      const { ids, endCursor, hasNextPage } = await this.#load(this.#after)
      for (const id of ids) if (this.indexOf(id) < 0) this.place(this.ids.length, id)
      this.#after = endCursor
      this.#hasNext = hasNextPage
      this.change({ count: this.ids.length + (hasNextPage ? 1 : 0), settled: true, problem: null })
    } catch (error) {
      this.change({ settled: true, problem: error instanceof Error ? error.message : String(error) })
    } finally {
      this.#reading = false
    }
  }
}
