/**
 * The rows that feeds deliver, by id, outside of the normalised cache. What arrives is shown with the next frames, a few rows
 * with each: only those that changed render again, and no frame is late because many did.
 */
import { useCallback, useSyncExternalStore } from 'react'

/** How many rows that are shown change with one frame; all of a screen have changed before the feed delivers again. */
const rowsPerFrame = 10

interface Entry<Row> {
  row: Row
  /** How often it changed since it was first seen. */
  version: number
}

export class RowStore<Row> {
  readonly #entries = new Map<string, Entry<Row>>()
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #arrived = new Map<string, Row>()
  #frame = 0

  /** Undefined for a row that has not been read. */
  get(id: string): Entry<Row> | undefined {
    return this.#entries.get(id)
  }

  /** Rows of a query: there at once, so that a list and its rows are shown together. */
  set(id: string, row: Row): void {
    this.#arrived.delete(id)
    this.#write(id, row)
  }

  /** Rows of a feed: shown with the next frames, but not with the one that has to read the batch. */
  put(id: string, row: Row): void {
    this.#arrived.set(id, row)
    this.#request(1)
  }

  /** Forgets rows that are far away. */
  delete(id: string): void {
    this.#arrived.delete(id)
    this.#entries.delete(id)
  }

  subscribe(id: string, listener: () => void): () => void {
    let listeners = this.#listeners.get(id)
    if (!listeners) {
      listeners = new Set()
      this.#listeners.set(id, listeners)
    }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id)
    }
  }

  #request(framesBefore: number) {
    if (this.#frame === 0) this.#after(framesBefore)
  }

  #after(frames: number) {
    this.#frame = requestAnimationFrame(() => (frames > 0 ? this.#after(frames - 1) : this.#flush()))
  }

  #flush() {
    this.#frame = 0
    let shown = 0
    for (const [id, row] of this.#arrived) {
      this.#arrived.delete(id)
      this.#write(id, row)
      if (this.#listeners.has(id)) shown += 1
      if (shown === rowsPerFrame) break
    }
    if (this.#arrived.size > 0) this.#request(0)
  }

  #write(id: string, row: Row) {
    const version = (this.#entries.get(id)?.version ?? -1) + 1
    this.#entries.set(id, { row, version })
    for (const listener of this.#listeners.get(id) ?? []) listener()
  }
}

/** A row of a store, rendering again when it changes; undefined until it is read. */
export function useRow<Row>(store: RowStore<Row>, id: string | undefined): Entry<Row> | undefined {
  const subscribe = useCallback(
    (listener: () => void) => (id === undefined ? () => {} : store.subscribe(id, listener)),
    [store, id],
  )
  return useSyncExternalStore(subscribe, () => (id === undefined ? undefined : store.get(id)))
}
