/** The tables of a database for a backup, and what stands in the way of filling them in any order. */
import type pg from 'pg'
import { type CopyStreamQuery, type CopyToStreamQuery, from, to } from 'pg-copy-streams'
import type { Queryable } from '../../client.ts'

/**
 * Tables whose rows mean nothing elsewhere: what feeds of this database delivered, which its own transaction numbers
 * identify, and what running processes know of each other.
 */
const ephemeral = [
  '_prisma_migrations',
  'feed_epoch',
  'run_event',
  'run_item_text',
  'endpoint_grant',
  'worker',
  'evaluator_preview',
]

/** Begins to read everything as of one moment, in notations that no setting changes. */
export async function beginSnapshot(db: Queryable): Promise<void> {
  await db.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await setNotations(db)
}

export async function beginRestore(db: Queryable): Promise<void> {
  await db.query('BEGIN')
  await setNotations(db)
}

export async function commitRestore(db: Queryable): Promise<void> {
  await db.query('COMMIT')
}

async function setNotations(db: Queryable): Promise<void> {
  const settings = {
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    extra_float_digits: '1',
    bytea_output: 'hex',
    statement_timeout: '0',
    idle_in_transaction_session_timeout: '0',
  }
  for (const [name, value] of Object.entries(settings)) await db.query('SELECT set_config($1, $2, true)', [name, value])
}

export interface BackupTable {
  name: string
  /** Those that can be written, in their order. */
  columns: string[]
}

/** All tables with rows that a backup has, by name. */
export async function listBackupTables(db: Queryable): Promise<BackupTable[]> {
  const { rows } = await db.query<BackupTable>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> ALL ($1)
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname ORDER BY c.relname`,
    [ephemeral],
  )
  return rows
}

/** Keeps the tables as they are until the transaction ends, so that columns and rows fit. */
export async function holdTables(db: Queryable, tables: readonly BackupTable[]): Promise<void> {
  await db.query(`LOCK TABLE ${tables.map(({ name }) => quoted(name)).join(', ')} IN ACCESS SHARE MODE`)
}

/** Keeps everybody else from the tables until the transaction ends. */
export async function takeTables(db: Queryable, tables: readonly BackupTable[]): Promise<void> {
  await db.query(`LOCK TABLE ${tables.map(({ name }) => quoted(name)).join(', ')} IN ACCESS EXCLUSIVE MODE`)
}

export interface BackupSequence {
  name: string
  /** As text, since it may be a bigint. */
  value: string
}

/** The next number of every sequence; those that never gave one are left out. */
export async function listSequences(db: Queryable): Promise<BackupSequence[]> {
  const { rows } = await db.query<BackupSequence>(
    `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
     WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename`,
  )
  return rows
}

export async function setSequence(db: Queryable, { name, value }: BackupSequence): Promise<void> {
  await db.query('SELECT setval(quote_ident($1)::regclass, $2::bigint)', [name, value])
}

/** The names of the applied migrations. */
export async function listMigrations(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations
     WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL ORDER BY migration_name`,
  )
  return rows.map(({ name }) => name)
}

/** What an Assay that was never used has: its first project, and the person of those who need no key. */
const filledByMigrations = ['project', 'person']

/** Tables with rows that somebody has written. */
export async function listUsedTables(db: Queryable): Promise<string[]> {
  const used: string[] = []
  for (const { name } of await listBackupTables(db)) {
    const rowsOfOurs = filledByMigrations.includes(name) ? 1 : 0
    const { rows } = await db.query<{ used: boolean }>(
      `SELECT EXISTS (SELECT FROM ${quoted(name)} OFFSET ${rowsOfOurs}) AS used`,
    )
    if (rows[0]?.used) used.push(name)
  }
  return used
}

/** Assay's processes on the database, besides this one. */
export async function listProcesses(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT DISTINCT application_name AS name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'assay % on %' ORDER BY name`,
  )
  return rows.map(({ name }) => name)
}

/** Makes cursors of feeds from before expire. */
export async function renewFeedEpoch(db: Queryable): Promise<void> {
  await db.query('DELETE FROM feed_epoch')
  await db.query('INSERT INTO feed_epoch (id) VALUES (1)')
}

/** Whether the database has any table. */
export async function hasTables(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS found`,
  )
  return rows[0]?.found === true
}

/** Whether migrations were ever applied to the database. */
export async function hasMigrations(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`)
  return rows[0]?.found === true
}

/** The rows of a table as text, exactly: a line each. */
export function readRows(client: pg.ClientBase, { name, columns }: BackupTable): CopyToStreamQuery {
  return client.query(to(`COPY ${quoted(name)} (${columns.map(quoted).join(', ')}) TO STDOUT`))
}

/** Where the same text is read into a table. */
export function writeRows(client: pg.ClientBase, { name, columns }: BackupTable): CopyStreamQuery {
  return client.query(from(`COPY ${quoted(name)} (${columns.map(quoted).join(', ')}) FROM STDIN`))
}

export interface TablesInTheWay {
  /** Puts everything back; foreign keys are checked then. */
  restore(): Promise<void>
}

/**
 * Empties the tables, and takes away foreign keys and triggers for as long as they are filled. Any owner of the tables may do
 * that, whereas switching them off takes a superuser.
 */
export async function emptyTables(db: Queryable, tables: readonly BackupTable[]): Promise<TablesInTheWay> {
  const names = tables.map(({ name }) => quoted(name))
  const { rows: keys } = await db.query<{ table: string; name: string; definition: string }>(
    `SELECT c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
     WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace AND k.conparentid = 0
     ORDER BY c.relname, k.conname`,
  )
  for (const { table, name } of keys) {
    await db.query(`ALTER TABLE ${quoted(table)} DROP CONSTRAINT ${quoted(name)}`)
  }
  for (const name of names) await db.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`)
  await db.query(`TRUNCATE ${names.join(', ')}`)
  return {
    async restore() {
      for (const name of names) await db.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`)
      for (const { table, name, definition } of keys) {
        await db.query(`ALTER TABLE ${quoted(table)} ADD CONSTRAINT ${quoted(name)} ${definition}`)
      }
    },
  }
}

/** For the planner, which knows nothing of the new rows. */
export async function analyze(db: Queryable): Promise<void> {
  await db.query('ANALYZE')
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
