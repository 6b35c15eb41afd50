/** What tests of channels share: a feed of numbers that they extend, and readers that take no more at times. */
import type { ExecutionResult } from 'graphql'
import type { Source } from '../../../src/server/subscriptions/follower.ts'
import { Payload } from '../../../src/server/subscriptions/payload.ts'
import type { Subscriber } from '../../../src/server/subscriptions/subscriber.ts'

/** Delivers two numbers at once after a cursor, the first event at once, and ends when it is over. */
export class Numbers {
  rows: number[] = []
  /** Whether its places have an order. */
  isOrdered = true
  isOver = false
  /** Whether a read takes all there is, which then comes in parts of two. */
  readsAll = false
  refused: ExecutionResult | null = null
  opened = 0
  reads = 0
  /** Reads take until then. */
  until: Promise<void> = Promise.resolve()
  readonly #waiting = new Set<() => void>()

  add(...rows: number[]): void {
    this.rows.push(...rows)
    this.wake()
  }

  wake(): void {
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }

  get sources(): number {
    return this.#waiting.size
  }

  open = async (_client: string, after: string | null): Promise<Source | ExecutionResult> => {
    this.opened += 1
    if (this.refused) return this.refused
    let place = Number(after ?? 0)
    let isFirst = true
    let isLast = false
    let stopped = false
    let position: Source['position'] = null
    let read: { rows: number[]; at: number } | null = null
    let resume = () => {}
    return {
      next: async () => {
        while (!stopped && !isFirst && place === this.rows.length && !this.isOver) {
          await new Promise<void>((resolve) => {
            resume = resolve
            this.#waiting.add(resolve)
          })
        }
        if (stopped || isLast) return null
        if (!read) {
          this.reads += 1
          read = { rows: this.readsAll ? [...this.rows] : this.rows.slice(0, place + 2), at: performance.now() }
        }
        const readAt = read.at
        const rows = read.rows.slice(place, place + 2)
        place += rows.length
        const more = place < this.rows.length
        if (place >= read.rows.length) read = null
        isLast = this.isOver && !more
        await this.until
        isFirst = false
        const order = this.isOrdered ? place : null
        position = { place: `${place} ${isLast}`, order, cursor: String(place), more, readAt }
        return new Payload({ data: { rows, done: isLast } })
      },
      get position() {
        return position
      },
      stop: () => {
        stopped = true
        this.#waiting.delete(resume)
        resume()
      },
    }
  }
}

export class Reader implements Subscriber {
  onReady = () => {}
  readonly rows: number[] = []
  readonly payloads: Payload[] = []
  isOver = false
  done = false
  #isFull = false

  isFull = () => this.#isFull

  set full(isFull: boolean) {
    this.#isFull = isFull
    if (!isFull) this.onReady()
  }

  deliver(payload: Payload): void {
    this.payloads.push(payload)
    const { data } = JSON.parse(payload.text)
    this.rows.push(...(data?.rows ?? []))
    this.done = data?.done ?? false
  }

  end(): void {
    this.isOver = true
  }
}
