/**
 * A queue in which groups take turns: first come, first served within a group, while a long group does not delay the
 * others.
 */
export class FairQueue<T> {
  /** In the order in which groups are served next. */
  readonly #groups = new Map<string, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Those that have something in the queue. */
  get groups(): Iterable<string> {
    return this.#groups.keys()
  }

  push(group: string, value: T): void {
    const values = this.#groups.get(group)
    if (values) values.add(value)
    else this.#groups.set(group, new Set([value]))
    this.#size += 1
  }

  /** Removes and returns the next value; undefined when the queue is empty. */
  shift(): T | undefined {
    return this.shiftOf(() => true)?.value
  }

  /** The next one of the groups that may be served now, taken out; undefined when there is none. */
  shiftOf(may: (group: string) => boolean): { group: string; value: T } | undefined {
    for (const [group, values] of this.#groups) {
      if (!may(group)) continue
      this.#groups.delete(group)
      // A group that was just served goes to the back.
      if (values.size > 1) this.#groups.set(group, values)
      for (const value of values) {
        values.delete(value)
        this.#size -= 1
        return { group, value }
      }
    }
  }

  /** Removes a value that is no longer waiting. */
  remove(group: string, value: T): void {
    const values = this.#groups.get(group)
    if (!values?.delete(value)) return
    this.#size -= 1
    if (values.size === 0) this.#groups.delete(group)
  }
}
