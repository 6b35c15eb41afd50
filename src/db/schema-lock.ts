/**
 * A lock on the schema. Every process shares it on its listening connection for as long as it runs; a migration that is
 * not additive takes it exclusively, after asking all others to stop. A process that loses the connection loses the
 * lock: on reconnecting, it checks whether it can still work on the schema.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from './client.ts'
import { channels, type Listener, notify } from './listener.ts'
import { MigrationError } from './migration-error.ts'

/** Next to the key that Prisma's schema engine locks. */
const lockKey = 72_707_370

const retryMs = 500

/**
 * Whether older processes can keep working beside the migration. Encoded in its name, because the name is all they see
 * of it.
 */
export function isAdditive(migration: string): boolean {
  return !migration.endsWith('_not_additive')
}

/** One process's share of the lock. */
export class SchemaLock {
  /**
   * Settles when a newer Assay changes the schema so that this version cannot work on it. Finish the work in progress,
   * then exit.
   */
  readonly outdated: Promise<MigrationError>
  readonly #known: ReadonlySet<string>
  #settle!: (error: MigrationError) => void

  /** @param known the migrations of this version */
  constructor(known: Iterable<string>) {
    this.#known = new Set(known)
    this.outdated = new Promise((settle) => {
      this.#settle = settle
    })
  }

  /**
   * Shares the lock until the connection ends.
   * @throws {MigrationError} OUTDATED
   */
  async share(client: Queryable): Promise<void> {
    const { rows } = await client.query<{ shared: boolean }>('SELECT pg_try_advisory_lock_shared($1) AS shared', [
      lockKey,
    ])
    const applied = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at DESC',
    )
    const unknown = applied.rows.map(({ name }) => name).find((name) => !this.#known.has(name) && !isAdditive(name))
    if (rows[0]?.shared && !unknown) return
    throw this.#outdate(unknown ?? 'a migration that is being applied')
  }

  /** Settles `outdated` when a migration requests the schema. */
  watch(listener: Listener): void {
    listener.on(channels.migration, (name) => !this.#known.has(name) && this.#outdate(name))
  }

  #outdate(migration: string): MigrationError {
    const error = new MigrationError(
      'OUTDATED',
      `A newer Assay is upgrading the database (${migration}), and this version can no longer work on it. ` +
        'This process finishes its calls and stops: start the newer version in its place.',
    )
    this.#settle(error)
    return error
  }
}

export interface ExclusiveOptions {
  /** How long to wait for other processes, in milliseconds. */
  waitMs: number
  /** Receives a sentence about the processes waited for, again whenever they change. */
  onWait: (message: string) => void
}

/**
 * Takes the lock exclusively until the connection ends.
 * @throws {MigrationError} IN_USE, naming the processes that did not stop in time
 */
export async function lockSchema(client: Queryable, migration: string, options: ExclusiveOptions): Promise<void> {
  const deadline = performance.now() + options.waitMs
  for (let before = ''; ; ) {
    const { rows } = await client.query<{ exclusive: boolean }>('SELECT pg_try_advisory_lock($1) AS exclusive', [
      lockKey,
    ])
    if (rows[0]?.exclusive) return
    const list = (await readSharers(client)).join(', ')
    if (performance.now() > deadline) {
      throw new MigrationError(
        'IN_USE',
        `The migration ${migration} needs exclusive access to the database, but after ` +
          `${Math.round(options.waitMs / 1_000)} s these processes of an older Assay are still using it: ${list}. ` +
          'Stop them, then start this version again; nothing of this migration was applied.',
      )
    }
    if (list !== before && list)
      options.onWait(`The migration ${migration} is waiting for processes of an older Assay to stop: ${list}.`)
    before = list
    // Repeated, because a process whose connection was down missed it.
    await notify(client, channels.migration, migration)
    await delay(retryMs)
  }
}

async function readSharers(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ name: string | null; address: string | null; pid: number }>(
    `SELECT a.application_name AS name, host(a.client_addr) AS address, l.pid
     FROM pg_locks l JOIN pg_database d ON d.oid = l.database LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.classid = 0 AND l.objid = $1
       AND l.objsubid = 1 AND l.granted
     ORDER BY name, l.pid`,
    [lockKey],
  )
  return rows.map(({ name, address, pid }) => {
    const from = address ? ` from ${address}` : ''
    return `${name || 'an unknown process'} (connection ${pid}${from})`
  })
}
