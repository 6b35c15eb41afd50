/**
 * A lock on the schema. Every process shares it on the connection that listens, for as long as it works; a migration that is not
 * additive takes it alone, after asking all others to stop. A process whose connection was lost has lost the lock, too: when it connects
 * again, it looks whether the schema is still one that it can work on.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from './client.ts'
import { channels, type Listener, notify } from './listener.ts'
import { MigrationError } from './migration-error.ts'

/** Beside the number that Prisma's schema engine locks. */
const LOCK = 72_707_370

const askAgainMs = 500

/** Whether processes that do not know the migration can go on working beside it. Its name says so: a name is all they ever see of it. */
export function isAdditive(migration: string): boolean {
  return !migration.endsWith('_not_additive')
}

/** The part of a process in the lock. */
export class SchemaLock {
  /** Settles when a newer Assay makes the schema one that this version cannot work on. Finish what is under way, then exit. */
  readonly outdated: Promise<MigrationError>
  readonly #known: ReadonlySet<string>
  #settle!: (error: MigrationError) => void

  /** @param known names of the migrations of this version */
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
    const { rows } = await client.query<{ shared: boolean }>('SELECT pg_try_advisory_lock_shared($1) AS shared', [LOCK])
    const applied = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at DESC',
    )
    const unknown = applied.rows.map(({ name }) => name).find((name) => !this.#known.has(name) && !isAdditive(name))
    if (rows[0]?.shared && !unknown) return
    throw this.#outdate(unknown ?? 'a migration that is being applied')
  }

  /** Makes `outdated` settle when a migration asks for the schema. */
  watch(listener: Listener): void {
    listener.on(channels.migration, (name) => !this.#known.has(name) && this.#outdate(name))
  }

  #outdate(migration: string): MigrationError {
    const error = new MigrationError(
      'OUTDATED',
      `A newer Assay upgrades the database (${migration}), and this version cannot work on it any more. This process finishes its calls and stops: start the newer version in its place.`,
    )
    this.#settle(error)
    return error
  }
}

export interface AloneOptions {
  /** How long to wait for others, in milliseconds. */
  waitMs: number
  /** Who is waited for, in a sentence; said again whenever that changes. */
  onWait: (message: string) => void
}

/**
 * Takes the lock alone, until the connection ends.
 * @throws {MigrationError} IN_USE, naming those who did not stop in time
 */
export async function lockSchema(client: Queryable, migration: string, options: AloneOptions): Promise<void> {
  const deadline = performance.now() + options.waitMs
  for (let before = ''; ; ) {
    const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [LOCK])
    if (rows[0]?.alone) return
    const list = (await readSharers(client)).join(', ')
    if (performance.now() > deadline) {
      throw new MigrationError(
        'IN_USE',
        `The migration ${migration} needs the database to itself, but after ${Math.round(options.waitMs / 1_000)} s these processes of an older Assay still work on it: ${list}. Stop them, then start this version again; nothing of this migration was applied.`,
      )
    }
    if (list !== before && list)
      options.onWait(`The migration ${migration} waits for processes of an older Assay to stop: ${list}.`)
    before = list
    // Asked again and again: those whose connection was down have not heard it.
    await notify(client, channels.migration, migration)
    await delay(askAgainMs)
  }
}

async function readSharers(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ name: string | null; address: string | null; pid: number }>(
    `SELECT a.application_name AS name, host(a.client_addr) AS address, l.pid
     FROM pg_locks l JOIN pg_database d ON d.oid = l.database LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
       AND l.granted
     ORDER BY name, l.pid`,
    [LOCK],
  )
  return rows.map(({ name, address, pid }) => {
    const from = address ? ` from ${address}` : ''
    return `${name || 'an unknown process'} (connection ${pid}${from})`
  })
}
