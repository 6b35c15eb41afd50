/** A queue in which groups take turns: first come, first served within a group, and no group waits behind the length of another. */
export class FairQueue<T> {
  /** In the order in which the groups are served next. */
  readonly #groups = new Map<string, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(group: string, value: T): void {
    const values = this.#groups.get(group)
    if (values) values.add(value)
    else this.#groups.set(group, new Set([value]))
    this.#size += 1
  }

  /** The next one, taken out; undefined when the queue is empty. */
  shift(): T | undefined {
    return this.shiftOf(() => true)?.value
  }

  /** The next one of the groups that may be served now, taken out; undefined when there is none. */
  shiftOf(may: (group: string) => boolean): { group: string; value: T } | undefined {
    for (const [group, values] of this.#groups) {
      if (!may(group)) continue
      this.#groups.delete(group)
      // A group that was served goes behind the others.
      if (values.size > 1) this.#groups.set(group, values)
      for (const value of values) {
        values.delete(value)
        this.#size -= 1
        return { group, value }
      }
    }
  }

  /** Takes one out that no longer waits. */
  remove(group: string, value: T): void {
    const values = this.#groups.get(group)
    if (!values?.delete(value)) return
    this.#size -= 1
    if (values.size === 0) this.#groups.delete(group)
  }
}
