/**
 * The caller and the limits of statements. Passed through the asynchronous context, because neither Prisma nor the
 * loaders pass a signal or a caller on to the connection.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { LimitError } from '../domain/errors.ts'

export interface StatementScopeOptions {
  /** The caller: the connections of a pool are shared fairly between groups. */
  group: string
  /** WRITE statements may take longer and are never cancelled half-way. */
  kind: 'READ' | 'WRITE'
  /** Cancels the statements, which then reject with its reason. */
  signal?: AbortSignal
  /** Maximum bytes of rows that all statements together may return. */
  maxBytes?: number
}

const storage = new AsyncLocalStorage<StatementScope>()

export class StatementScope {
  readonly group: string
  readonly kind: 'READ' | 'WRITE'
  readonly signal: AbortSignal
  readonly #tooMuch = new AbortController()
  readonly #maxBytes: number
  #bytes = 0

  constructor({ group, kind, signal, maxBytes = Number.POSITIVE_INFINITY }: StatementScopeOptions) {
    this.group = group
    this.kind = kind
    this.#maxBytes = maxBytes
    this.signal = signal ? AbortSignal.any([signal, this.#tooMuch.signal]) : this.#tooMuch.signal
  }

  /** The scope of the current asynchronous context. */
  static get current(): StatementScope | undefined {
    return storage.getStore()
  }

  run<T>(work: () => T): T {
    return storage.run(this, work)
  }

  /** The same values, each computed in this scope, whatever the context of the consumer. */
  iterate<T>(source: AsyncIterator<T>): AsyncIterableIterator<T> {
    const values: AsyncIterableIterator<T> = {
      next: () => this.run(() => source.next()),
      return: async (value) => (await source.return?.(value)) ?? { done: true, value },
      [Symbol.asyncIterator]: () => values,
    }
    return values
  }

  /** Counts bytes that a statement returned. */
  read(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes <= this.#maxBytes || this.#tooMuch.signal.aborted) return
    const limit = Math.round(this.#maxBytes / 1024 / 1024)
    this.#tooMuch.abort(new LimitError(`This reads more than ${limit} MB of data; ask for fewer rows or fields.`))
  }
}
