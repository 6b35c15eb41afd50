/** Where the payloads of a subscription go. */
import type { ExecutionResult } from 'graphql'
import { messageStart, type Payload } from './payload.ts'
import type { SocketOutlet } from './socket-outlet.ts'

export interface Subscriber {
  /** Set by the channel. */
  onReady: () => void
  /** Whether it takes no more for now; then it calls `onReady` once it does. It has to take what it is given anyway. */
  isFull(): boolean
  deliver(payload: Payload): void
  /** After the last payload. */
  end(): void
}

/** The results of a subscription for a transport; `return` ends it. */
export type Results<T> = AsyncGenerator<T, void, void>

/** A subscription over a WebSocket. Its payloads go to the socket at once, so that its results are but its end. */
export class SocketSubscriber implements Subscriber {
  onReady = () => {}
  readonly #outlet: SocketOutlet
  readonly #start: Buffer
  readonly #ended = Promise.withResolvers<void>()
  readonly #ready = () => this.onReady()

  /** @param id of the subscription */
  constructor(outlet: SocketOutlet, id: string) {
    this.#outlet = outlet
    this.#start = messageStart(id)
  }

  isFull(): boolean {
    if (!this.#outlet.full) return false
    this.#outlet.whenSent(this.#ready)
    return true
  }

  deliver(payload: Payload): void {
    this.#outlet.send(this.#start, payload)
  }

  end(): void {
    this.#outlet.forget(this.#ready)
    this.#ended.resolve()
  }

  results(leave: () => void): Results<ExecutionResult> {
    return resultsOf<ExecutionResult>(
      async () => {
        await this.#ended.promise
        return null
      },
      () => {
        leave()
        this.end()
      },
    )
  }
}

/** A result that is serialised already. */
export interface SerializedResult extends ExecutionResult {
  /** What Yoga calls instead of `JSON.stringify`. */
  stringify: () => string
}

/** A subscription whose transport asks for one result after the other. */
export class PullSubscriber implements Subscriber {
  onReady = () => {}
  #waiting: ((result: SerializedResult | null) => void) | null = null
  #next: SerializedResult | null = null
  #isOver = false

  isFull(): boolean {
    return this.#waiting === null
  }

  deliver({ text }: Payload): void {
    this.#next = { stringify: () => text }
    this.#answer()
  }

  end(): void {
    this.#isOver = true
    this.#answer()
  }

  results(leave: () => void): Results<SerializedResult> {
    return resultsOf(
      () => {
        const { promise, resolve } = Promise.withResolvers<SerializedResult | null>()
        this.#waiting = resolve
        if (this.#next || this.#isOver) this.#answer()
        else this.onReady()
        return promise
      },
      () => {
        leave()
        this.end()
      },
    )
  }

  #answer(): void {
    if (!this.#waiting) return
    this.#waiting(this.#next)
    this.#waiting = null
    this.#next = null
  }
}

/** @param next the next one; null after the last */
function resultsOf<T>(next: () => Promise<T | null>, end: () => void): Results<T> {
  const results: Results<T> = {
    async next() {
      const value = await next()
      return value === null ? { done: true, value: undefined } : { done: false, value }
    },
    async return() {
      end()
      return { done: true, value: undefined }
    },
    async throw(error) {
      end()
      throw error
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => end(),
  }
  return results
}
