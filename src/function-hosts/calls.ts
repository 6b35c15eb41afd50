/**
 * Calls by their number. Numbers are small and used again, so that calls are kept in an array: a Map whose entries come
 * and go outgrows its table again and again, and what a table in the old generation of V8 refers to stays until the next
 * full collection.
 */
export class Calls<Call> {
  readonly #calls: (Call | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#calls.length - this.#free.length
  }

  /** @returns its number, which no other call has until it is taken */
  add(call: Call): number {
    const id = this.#free.pop() ?? this.#calls.length
    this.#calls[id] = call
    return id
  }

  get(id: number): Call | undefined {
    return this.#calls[id]
  }

  /** Removes it; undefined when there is no such call. */
  take(id: number): Call | undefined {
    const call = this.#calls[id]
    if (call === undefined) return undefined
    this.#calls[id] = undefined
    this.#free.push(id)
    return call
  }

  *[Symbol.iterator](): IterableIterator<Call> {
    for (const call of this.#calls) if (call !== undefined) yield call
  }
}
