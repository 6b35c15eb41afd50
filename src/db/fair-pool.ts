/**
 * A pool whose connections are shared fairly: a group (a caller) gets at most all but two, and waiting groups are
 * served round-robin, so that none waits behind another's backlog. When a scope is aborted, its statements
 * are cancelled in the database and the connection is discarded.
 */
import pg from 'pg'
import { FairQueue } from '../domain/limits/fair-queue.ts'
import { sqlState } from './explain-refusal.ts'
import { StatementScope } from './statement-scope.ts'

export interface FairPoolOptions {
  url: string
  /** Maximum connections. */
  max: number
  /** In milliseconds; enforced by the database, even if this process has died. */
  statementTimeoutMs: number
  onError: (error: Error) => void
  /** How long a connection may take to be made, in milliseconds; default: as long as it takes. */
  connectMs?: number
  /** Cancels the running statement of a backend. */
  cancel: (processId: number) => Promise<unknown>
}

export type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void
/** Undeclared members of `pg`. */
type Backend = pg.PoolClient & {
  processID: number
  connection: { on: Listen; off: Listen }
}
type Listen = (event: 'dataRow', listener: (message: { length: number }) => void) => void

export class FairPool extends pg.Pool {
  readonly #cancel: FairPoolOptions['cancel']
  readonly #max: number
  readonly #perGroup: number
  readonly #held = new Map<string, number>()
  readonly #waiting = new FairQueue<() => void>()
  #taken = 0

  constructor({ url, max, statementTimeoutMs, onError, cancel, connectMs }: FairPoolOptions) {
    super({ connectionString: url, max, statement_timeout: statementTimeoutMs, connectionTimeoutMillis: connectMs })
    this.#cancel = cancel
    this.#max = max
    this.#perGroup = Math.max(1, max - 2)
    this.on('error', onError)
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const connected = this.#connect(StatementScope.current)
    if (!callback) return connected
    connected.then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => {}),
    )
  }

  async #connect(scope: StatementScope | undefined): Promise<pg.PoolClient> {
    const group = scope?.group ?? ''
    const cancellable = scope?.kind === 'READ' ? scope : undefined
    if (cancellable?.abortReason) throw cancellable.abortReason
    await this.#turn(group, cancellable)
    try {
      return this.#bind((await super.connect()) as Backend, group, scope, cancellable)
    } catch (error) {
      this.#done(group)
      throw error
    }
  }

  #mayTake(group: string): boolean {
    return this.#taken < this.#max && (this.#held.get(group) ?? 0) < this.#perGroup
  }

  #take(group: string): void {
    this.#taken += 1
    this.#held.set(group, (this.#held.get(group) ?? 0) + 1)
  }

  async #turn(group: string, scope: StatementScope | undefined): Promise<void> {
    if (this.#mayTake(group)) return this.#take(group)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push(group, resolve)
    const ignoreAbort = scope?.onAbort(() => {
      this.#waiting.remove(group, resolve)
      reject(scope.abortReason)
    })
    try {
      await promise
    } finally {
      ignoreAbort?.()
    }
  }

  #done(group: string): void {
    this.#taken -= 1
    const held = (this.#held.get(group) ?? 1) - 1
    if (held > 0) this.#held.set(group, held)
    else this.#held.delete(group)
    const next = this.#waiting.shiftOf((waiting) => this.#mayTake(waiting))
    if (!next) return
    this.#take(next.group)
    next.value()
  }

  #bind(
    client: Backend,
    group: string,
    scope: StatementScope | undefined,
    cancellable: StatementScope | undefined,
  ): pg.PoolClient {
    let cancelled = false
    const onAbort = () => {
      cancelled = true
      // If cancelling fails, the statement timeout ends it.
      this.#cancel(client.processID).catch(() => {})
    }
    const onRow = ({ length }: { length: number }) => scope?.read(length)
    const ignoreAbort = cancellable?.onAbort(onAbort)
    if (scope) client.connection.on('dataRow', onRow)
    const release = client.release
    client.release = (error) => {
      ignoreAbort?.()
      client.connection.off('dataRow', onRow)
      release.call(client, error ?? (cancelled ? true : undefined))
      this.#done(group)
    }
    if (cancellable?.abortReason) onAbort()
    return client
  }
}

/** The abort reason of the scope if the error is a cancelled statement, else the error itself. */
export function explainCancelled(error: unknown, scope: StatementScope | undefined): unknown {
  const reason = scope?.abortReason
  return sqlState(error) === '57014' && reason instanceof Error ? reason : error
}
