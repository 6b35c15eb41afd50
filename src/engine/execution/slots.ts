/**
 * The calls a process makes at once, shared fairly: a free slot goes to the waiting run that has the fewest, so a small
 * run that starts beside a large one gets its share with the next slot that is free. A few slots every run has in any
 * case, beyond the size if need be: others whose calls hang until their time limit cannot keep it from starting.
 */
export class Slots {
  readonly size: number
  readonly #assured: number
  #used = 0
  readonly #usedBy = new Map<string, number>()
  /** First come, first served within a run. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(size: number) {
    this.size = size
    this.#assured = Math.ceil(size / 20)
  }

  get used(): number {
    return this.#used
  }

  /** Resolves when the run has one more slot; `release` gives it back. */
  acquire(runId: string): Promise<void> | undefined {
    if (this.#hasRoomFor(runId)) {
      this.#give(runId)
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

    let poorest: string | undefined
    let fewest = Infinity
    for (const candidate of this.#waiting.keys()) {
      const used = this.#usedBy.get(candidate) ?? 0
      if (used < fewest) {
        poorest = candidate
        fewest = used
      }
    }
    if (poorest === undefined || !this.#hasRoomFor(poorest)) return
    const queue = this.#waiting.get(poorest) ?? []
    const resolve = queue.shift()
    // A run that gets a slot goes behind the others that have as few.
    this.#waiting.delete(poorest)
    if (queue.length > 0) this.#waiting.set(poorest, queue)
    this.#give(poorest)
    resolve?.()
  }

  #hasRoomFor(runId: string): boolean {
    return this.#used < this.size || (this.#usedBy.get(runId) ?? 0) < this.#assured
  }

  #give(runId: string): void {
    this.#used += 1
    this.#usedBy.set(runId, (this.#usedBy.get(runId) ?? 0) + 1)
  }
}
