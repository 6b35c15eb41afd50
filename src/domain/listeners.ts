/**
 * Functions that are added and removed all the time, called once by an event that may never come.
 *
 * A removed listener of an AbortSignal keeps referring to the one after it, and the table that a Set has outgrown to the
 * next one. Once such a thing is in the old generation of V8, all that came after it stays with everything that it refers
 * to until the next full collection. Here, what is removed refers to nothing.
 */
export class Listeners {
  readonly #entries: Entry[] = []

  /** @returns a function that removes it */
  add(listener: () => void): () => void {
    const entries = this.#entries
    const entry = { listener, index: entries.length }
    entries.push(entry)
    return () => {
      if (entries[entry.index] !== entry) return
      const last = entries.pop() as Entry
      if (last === entry) return
      entries[entry.index] = last
      last.index = entry.index
    }
  }

  /** Calls and removes all, in no order. */
  call(): void {
    for (const { listener } of this.#entries.splice(0)) listener()
  }
}

interface Entry {
  listener: () => void
  index: number
}

/** Where a signal has its listeners. Not in a WeakMap: what that has as keys outlives collections of the young generation. */
const listenersKey = Symbol('listeners')

/**
 * Calls `listener` when the signal aborts. For signals that outlive many listeners.
 * @returns a function that removes it
 */
export function onAbort(signal: AbortSignal & { [listenersKey]?: Listeners }, listener: () => void): () => void {
  const known = signal[listenersKey]
  if (known) return known.add(listener)
  const listeners = new Listeners()
  signal[listenersKey] = listeners
  signal.addEventListener('abort', () => listeners.call(), { once: true })
  return listeners.add(listener)
}
