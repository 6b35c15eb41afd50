/**
 * Migrates a database to the schema of this version by applying `prisma/migrations/`. Uses the migration table,
 * checksums and lock of Prisma, so that it and `prisma migrate deploy` agree on what is applied and never run at once.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Queryable } from './client.ts'
import { MigrationError } from './migration-error.ts'
import { type ExclusiveOptions, isAdditive, lockSchema } from './schema-lock.ts'

type Migration = { name: string; sql: string; checksum: string }
type AppliedRow = { name: string; checksum: string; finished: boolean }

/** Assay's migrations. */
export const migrationsDirectory = join(import.meta.dirname, '../../prisma/migrations')

/** The key that Prisma's schema engine locks. */
const lockKey = 72_707_369

const createMigrationTable = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

interface MigrateOptions extends Partial<ExclusiveOptions> {
  /** The migrations, in Prisma's layout; default: Assay's. */
  directory?: string
}

/**
 * Applies the missing migrations, each in its own transaction. Safe to run in any number of processes at once. Before a
 * migration that is not additive, all processes that use the database are asked to stop and waited for, 60 s by
 * default.
 * @returns the names of the migrations applied, in order
 * @throws {MigrationError} when the database and the migrations contradict each other, one fails, or other processes do
 *   not stop; migrations before it stay applied
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  const { directory = migrationsDirectory, waitMs = 60_000, onWait = () => {} } = options
  const migrations = await readMigrations(directory)
  const client = new Client({ connectionString: url, application_name: `assay migrate ${process.pid}` })
  // A connection that is lost between statements is reported here as well as by the next statement; without a listener it would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    await client.query(createMigrationTable)
    const pending = missing(migrations, await readApplied(client))
    for (const migration of pending) {
      if (!isAdditive(migration.name)) await lockSchema(client, migration.name, { waitMs, onWait })
      await apply(client, migration)
    }
    return { applied: pending.map(({ name }) => name) }
  } finally {
    await client.end()
  }
}

/** The migrations of this version that the database does not have. Additional ones of a newer version are ignored. */
export async function missingMigrations(db: Queryable, directory = migrationsDirectory): Promise<string[]> {
  const applied = new Set((await readApplied(db)).filter(({ finished }) => finished).map(({ name }) => name))
  return (await migrationNames(directory)).filter((name) => !applied.has(name))
}

/** In the order of application. */
export async function migrationNames(directory = migrationsDirectory): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function readMigrations(directory: string): Promise<Migration[]> {
  return await Promise.all(
    (await migrationNames(directory)).map(async (name) => {
      // A checkout may have converted the line endings.
      const sql = (await readFile(join(directory, name, 'migration.sql'), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function readApplied(client: Queryable): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  )
  return rows
}

function missing(migrations: Migration[], applied: AppliedRow[]): Migration[] {
  for (const { name, checksum, finished } of applied) {
    const migration = migrations.find((candidate) => candidate.name === name)
    if (!migration) {
      throw new MigrationError(
        'NEWER',
        `The database is newer than this Assay, which does not have its migration ${name}: ` +
          'update Assay, or use another database.',
      )
    }
    if (!finished) {
      throw new MigrationError(
        'UNFINISHED',
        `The migration ${name} was started by "prisma migrate" and did not finish: ` +
          'repair the database, then mark it with "prisma migrate resolve".',
      )
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        'CHANGED',
        `The migration ${name} has changed since it was applied (expected sha256 ${checksum}, ` +
          `got ${migration.checksum}): restore the file and put changes in a new migration.`,
      )
    }
  }
  return migrations.filter(({ name }) => !applied.some((row) => row.name === name))
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    throw new MigrationError(
      'FAILED',
      `The migration ${name} failed and was rolled back: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
