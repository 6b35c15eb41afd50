/**
 * A pool whose connections are shared fairly: a group (a caller) gets at most all but two, or fewer while others use the
 * pool, too. Waiting groups are served round-robin, so that none waits behind another's backlog. When a scope is aborted,
 * its statements are cancelled in the database. A connection outlives statements that fail or are cancelled: a new one
 * costs both sides as much as many statements.
 */
import pg from 'pg'
import { FairQueue } from '../domain/limits/fair-queue.ts'
import { RecentCallers } from '../domain/limits/recent-callers.ts'
import { sqlState } from './explain-refusal.ts'
import { StatementScope } from './statement-scope.ts'
import { YoungClient } from './young-client.ts'

/** For how long a group counts as one that uses a pool, in milliseconds. */
const activeMs = 1_000

/** How long cancelling a statement may take before its connection is given up, in milliseconds. */
const cancelMs = 1_000

export interface FairPoolOptions {
  url: string
  /** Maximum connections. */
  max: number
  /**
   * Maximum connections of a group while others use the pool, too: each may keep a core of the database busy. Default: all
   * but two. Only where nothing that has a connection waits for another one.
   */
  perGroupBesideOthers?: number
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
  readonly #perGroupBesideOthers: number
  readonly #groups = new RecentCallers(() => performance.now(), activeMs)
  readonly #held = new Map<string, number>()
  readonly #waiting = new FairQueue<() => void>()
  #taken = 0

  constructor({ url, max, statementTimeoutMs, onError, cancel, connectMs, perGroupBesideOthers }: FairPoolOptions) {
    super({
      connectionString: url,
      max,
      statement_timeout: statementTimeoutMs,
      connectionTimeoutMillis: connectMs,
      Client: YoungClient,
    })
    this.#cancel = cancel
    this.#max = max
    this.#perGroup = Math.max(1, max - 2)
    this.#perGroupBesideOthers = perGroupBesideOthers ?? this.#perGroup
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
    const cancellable = scope?.kind === 'WRITE' ? undefined : scope
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
    const most = group === '' || this.#groups.isAlone(group) ? this.#perGroup : this.#perGroupBesideOthers
    return this.#taken < this.#max && (this.#held.get(group) ?? 0) < most
  }

  #take(group: string): void {
    this.#taken += 1
    this.#held.set(group, (this.#held.get(group) ?? 0) + 1)
  }

  async #turn(group: string, scope: StatementScope | undefined): Promise<void> {
    if (group !== '') this.#groups.asked(group)
    if (this.#waiting.size === 0 && this.#mayTake(group)) return this.#take(group)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push(group, resolve)
    this.#serve()
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
    this.#serve()
  }

  /** Several may be served at once: a group may have more connections as soon as it is alone. */
  #serve(): void {
    for (;;) {
      const next = this.#waiting.shiftOf((waiting) => this.#mayTake(waiting))
      if (!next) return
      this.#take(next.group)
      next.value()
    }
  }

  #bind(
    client: Backend,
    group: string,
    scope: StatementScope | undefined,
    cancellable: StatementScope | undefined,
  ): pg.PoolClient {
    let cancelling: Promise<boolean> | null = null
    const onAbort = () => {
      // If cancelling fails, the statement timeout ends it.
      cancelling ??= isDoneWithin(cancelMs, this.#cancel(client.processID))
    }
    const onRow = ({ length }: { length: number }) => {
      scope?.onAnswer?.()
      scope?.read(length)
    }
    const ignoreAbort = cancellable?.onAbort(onAbort)
    if (scope) client.connection.on('dataRow', onRow)
    const release = client.release
    const end = (error?: Error | boolean) => {
      scope?.onAnswer?.()
      ignoreAbort?.()
      client.connection.off('dataRow', onRow)
      const giveBack = (isUsable: boolean) => {
        release.call(client, isUsable ? undefined : (error ?? true))
        this.#done(group)
      }
      const isUsable = !error || onlyStatementFailed(client, error)
      if (!cancelling) return giveBack(isUsable)
      // Nobody else listens until it is in the pool again.
      const ignoreError = () => {}
      client.on('error', ignoreError)
      // Once the database has sent the signal, it ends the statement or nothing: a backend without one ignores it.
      void cancelling.then((isSent) => {
        giveBack(isSent && isUsable)
        client.off('error', ignoreError)
      })
    }
    // Not assigned as a literal, see young-client.ts.
    client.release = end
    if (cancellable?.abortReason) onAbort()
    return client
  }
}

/** Of a statement that was prepared on this connection, and no longer is what it was. */
const stalePreparations: readonly unknown[] = ['0A000', '26000']

/** Whether the database refused or ended a statement alone: before it there was no transaction, and what is prepared holds. */
function onlyStatementFailed(client: Backend, error: Error | boolean): boolean {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') return false
  return client.getTransactionStatus() === 'I' && !stalePreparations.includes(error.code)
}

/** Whether something is done in time, and did not fail. */
async function isDoneWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  const done = work.then(
    () => true,
    () => false,
  )
  const isDone = await Promise.race([done, late])
  clearTimeout(timer)
  return isDone
}

/** The abort reason of the scope if the error is a cancelled statement, else the error itself. */
export function explainCancelled(error: unknown, scope: StatementScope | undefined): unknown {
  const reason = scope?.abortReason
  return sqlState(error) === '57014' && reason instanceof Error ? reason : error
}
