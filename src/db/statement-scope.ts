/**
 * The caller and the limits of statements. Passed through the asynchronous context, because neither Prisma nor the
 * loaders pass a signal or a caller on to the connection.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { LimitError } from '../domain/errors.ts'

export interface StatementScopeOptions {
  /** The caller: the connections of a pool are shared fairly between groups. */
  group: string
  /** Those of an EXPENSIVE_READ give way to the others; those of a WRITE may take longer and are never cancelled half-way. */
  kind: 'READ' | 'EXPENSIVE_READ' | 'WRITE'
  /** Cancels the statements, which then reject with its reason. */
  signal?: AbortSignal
  /** Maximum bytes of rows that all statements together may return. */
  maxBytes?: number
  /** Called with each row and at the end of each statement, before what waits for them goes on. */
  onAnswer?: () => void
}

const storage = new AsyncLocalStorage<StatementScope>()

export class StatementScope {
  readonly group: string
  readonly kind: StatementScopeOptions['kind']
  /** See the option. */
  readonly onAnswer: (() => void) | undefined
  // No AbortSignal.any: its weak references cost more than everything else that an operation needs here.
  readonly #signal: AbortSignal | undefined
  readonly #listeners = new Set<() => void>()
  readonly #maxBytes: number
  #reason: Error | undefined
  #bytes = 0

  constructor({ group, kind, signal, maxBytes = Number.POSITIVE_INFINITY, onAnswer }: StatementScopeOptions) {
    this.group = group
    this.kind = kind
    this.onAnswer = onAnswer
    this.#signal = signal
    this.#maxBytes = maxBytes
  }

  /** The scope of the current asynchronous context. */
  static get current(): StatementScope | undefined {
    return storage.getStore()
  }

  run<T>(work: () => T): T {
    return storage.run(this, work)
  }

  /**
   * Runs work of this scope of whose bytes only a part counts: what becomes numbers in typed arrays takes a quarter of the
   * memory that rows with as many bytes take.
   */
  counting<T>(part: number, work: () => T): T {
    return new PartOfScope(this, part).run(work)
  }

  /** Runs work of this scope whose reads are expensive, which its kind did not know. */
  expensively<T>(work: () => T): T {
    return this.kind === 'READ' ? new PartOfScope(this, 1, 'EXPENSIVE_READ').run(work) : work()
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

  /** Why the statements of this scope are cancelled; undefined while they are not. */
  get abortReason(): unknown {
    return this.#reason ?? (this.#signal?.aborted ? this.#signal.reason : undefined)
  }

  /** Cancels the statements. */
  abort(reason: Error): void {
    this.#reason ??= reason
    for (const listener of [...this.#listeners]) listener()
  }

  /** Calls `listener` when the scope is aborted. @returns a function that removes it */
  onAbort(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#signal?.addEventListener('abort', listener, { once: true })
    return () => {
      this.#listeners.delete(listener)
      this.#signal?.removeEventListener('abort', listener)
    }
  }

  /** Counts bytes that a statement returned. */
  read(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes <= this.#maxBytes || this.#reason) return
    const limit = Math.round(this.#maxBytes / 1024 / 1024)
    this.abort(new LimitError(`This reads more than ${limit} MB of data; ask for fewer rows or fields.`))
  }
}

/** A scope with the caller, the limits and the end of another, of whose bytes a part counts, or of another kind. */
class PartOfScope extends StatementScope {
  readonly #whole: StatementScope
  readonly #part: number

  constructor(whole: StatementScope, part: number, kind = whole.kind) {
    super({ group: whole.group, kind, ...(whole.onAnswer && { onAnswer: whole.onAnswer }) })
    this.#whole = whole
    this.#part = part
  }

  override get abortReason(): unknown {
    return this.#whole.abortReason
  }

  override abort(reason: Error): void {
    this.#whole.abort(reason)
  }

  override onAbort(listener: () => void): () => void {
    return this.#whole.onAbort(listener)
  }

  override read(bytes: number): void {
    this.#whole.read(bytes * this.#part)
  }
}
