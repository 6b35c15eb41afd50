/**
 * Limits the calls that a process makes at once, and shares them fairly: a free slot goes to the waiting run that has
 * the fewest, so a small run that starts beside a large one gets the next free slot. Each run is guaranteed a
 * twentieth, even beyond the size: other runs whose calls hang until their timeout cannot keep it from starting.
 */
export class Slots {
  readonly size: number
  readonly #guaranteed: number
  #used = 0
  readonly #usedBy = new Map<string, number>()
  /** First come, first served within a run. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(size: number) {
    this.size = size
    this.#guaranteed = Math.ceil(size / 20)
  }

  get used(): number {
    return this.#used
  }

  /** Resolves when the run has one more slot, until `release`; undefined when it has it already. */
  acquire(runId: string): Promise<void> | undefined {
    if (this.#hasRoomFor(runId)) {
      this.#grant(runId)
      return
    }
    return new Promise((resolve) => {
      const queue = this.#waiting.get(runId)
      if (queue) queue.push(resolve)
      else this.#waiting.set(runId, [resolve])
    })
  }

  release(runId: string): void {
    this.#used -= 1
    const left = (this.#usedBy.get(runId) ?? 0) - 1
    if (left > 0) this.#usedBy.set(runId, left)
    else this.#usedBy.delete(runId)

    let neediest: string | undefined
    let fewest = Infinity
    for (const candidate of this.#waiting.keys()) {
      const used = this.#usedBy.get(candidate) ?? 0
      if (used < fewest) {
        neediest = candidate
        fewest = used
      }
    }
    if (neediest === undefined || !this.#hasRoomFor(neediest)) return
    const queue = this.#waiting.get(neediest) ?? []
    const resolve = queue.shift()
    // Runs with equally few slots take turns.
    this.#waiting.delete(neediest)
    if (queue.length > 0) this.#waiting.set(neediest, queue)
    this.#grant(neediest)
    resolve?.()
  }

  #hasRoomFor(runId: string): boolean {
    return this.#used < this.size || (this.#usedBy.get(runId) ?? 0) < this.#guaranteed
  }

  #grant(runId: string): void {
    this.#used += 1
    this.#usedBy.set(runId, (this.#usedBy.get(runId) ?? 0) + 1)
  }
}
