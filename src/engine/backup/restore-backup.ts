import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { migrate, migrationNames, migrationsDirectory } from '../../db/migrate.ts'
import {
  analyze,
  beginRestore,
  commitRestore,
  emptyTables,
  hasTables,
  listBackupTables,
  listMigrations,
  listProcesses,
  listUsedTables,
  renewFeedEpoch,
  setSequence,
  takeTables,
  writeRows,
} from '../../db/sql/backup/tables.ts'
import { BackupError, type BackupManifest, entryOf, manifestName, manifestSchema } from './backup-file.ts'
import { CountedRows } from './write-backup.ts'

interface RestoreOptions {
  /** Called with every table that is complete. */
  onTable?: (table: string, done: number, of: number) => void
}

/**
 * Fills an unused database from a backup, all of it or nothing, and migrates it to the schema of this version. Runs that were
 * executing go on when a worker starts; cursors of feeds from before are refused.
 * @throws {BackupError} the file is no backup, is damaged or of a newer Assay, or the database is in use
 */
export async function restoreBackup(
  url: string,
  file: string,
  { onTable = () => {} }: RestoreOptions = {},
): Promise<BackupManifest> {
  const zip = await openZip(file)
  try {
    const manifest = await readManifest(zip, file)
    await requireUnused(url, manifest)
    await migrateTo(url, manifest.migrations)
    await fill(url, zip, manifest, onTable)
    await migrate(url)
    return manifest
  } finally {
    zip.file.close()
  }
}

/** Reads the manifest of a backup. @throws {BackupError} the file is no backup */
export async function readBackup(file: string): Promise<BackupManifest> {
  const zip = await openZip(file)
  try {
    return await readManifest(zip, file)
  } finally {
    zip.file.close()
  }
}

async function requireUnused(url: string, { migrations }: BackupManifest): Promise<void> {
  const known = new Set(await migrationNames())
  const newer = migrations.find((name) => !known.has(name))
  if (newer !== undefined) {
    throw new BackupError(
      `The backup is of a newer Assay, whose migration ${newer} this one does not have: update Assay.`,
    )
  }
  await connected(url, async (client) => {
    if (!(await hasTables(client))) return
    const applied = await listMigrations(client).catch(() => null)
    if (applied === null) {
      throw new BackupError('The database has tables that are not of Assay: expected an empty one.')
    }
    const processes = await listProcesses(client)
    if (processes.length > 0) {
      throw new BackupError(`The database is in use by ${processes.join(', ')}: stop these processes first.`)
    }
    await requireEmpty(client)
    if (applied.join() !== migrations.toSorted().join()) {
      throw new BackupError('The database has the schema of another version than the backup: restore into a new one.')
    }
  })
}

async function requireEmpty(client: Client): Promise<void> {
  const used = await listUsedTables(client)
  if (used.length === 0) return
  throw new BackupError(`The database is not empty (there are rows in ${used.join(', ')}): restore into a new one.`)
}

/** The schema that the rows were written with. */
async function migrateTo(url: string, migrations: readonly string[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-restore-'))
  try {
    for (const name of migrations) {
      await cp(join(migrationsDirectory, name), join(directory, name), { recursive: true })
    }
    await migrate(url, { directory })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function fill(
  url: string,
  zip: OpenedZip,
  { tables, sequences }: BackupManifest,
  onTable: (table: string, done: number, of: number) => void,
): Promise<void> {
  await connected(url, async (client) => {
    await beginRestore(client)
    const there = await listBackupTables(client)
    for (const { name, columns } of tables) {
      const table = there.find((one) => one.name === name)
      const strange = columns.find((column) => !table?.columns.includes(column))
      if (strange) throw new BackupError(`The backup has ${name}.${strange}, which its schema does not have.`)
    }
    // Somebody may have begun to use it since it was looked at.
    await takeTables(client, there)
    await requireEmpty(client)
    const inTheWay = await emptyTables(client, there)
    for (const [index, table] of tables.entries()) {
      const counted = new CountedRows()
      await pipeline(await zip.read(entryOf(table.name)), counted, writeRows(client, table))
      const { rows, sha256 } = counted.describe(table)
      if (rows !== table.rows || sha256 !== table.sha256) {
        throw new BackupError(
          `The backup is damaged: expected ${table.rows} rows of ${table.name}, got ${rows} others.`,
        )
      }
      onTable(table.name, index + 1, tables.length)
    }
    for (const sequence of sequences) await setSequence(client, sequence)
    await renewFeedEpoch(client)
    await inTheWay.restore()
    await commitRestore(client)
    await analyze(client)
  })
}

/** The transaction that `work` leaves open is rolled back with the connection. */
async function connected(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, application_name: `assay restore ${process.pid}` })
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

interface OpenedZip {
  file: ZipFile
  read(name: string): Promise<Readable>
}

async function openZip(path: string): Promise<OpenedZip> {
  const file = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new BackupError(
        error.code === 'ENOENT' ? `There is no file ${path}.` : `${path} is not a backup of Assay: ${error.message}.`,
      )
    },
  )
  const entries = new Map<string, Entry>()
  try {
    for await (const entry of file.eachEntry()) entries.set(entry.fileName, entry)
  } catch (error) {
    file.close()
    throw new BackupError(`${path} is damaged: ${(error as Error).message}.`)
  }
  return {
    file,
    async read(name) {
      const entry = entries.get(name)
      if (!entry) throw new BackupError(`${path} is not a backup of Assay: it has no ${name}.`)
      return file.openReadStreamPromise(entry)
    },
  }
}

async function readManifest(zip: OpenedZip, path: string): Promise<BackupManifest> {
  const manifest = manifestSchema.safeParse(await json(await zip.read(manifestName)).catch(() => null))
  if (manifest.success) return manifest.data
  throw new BackupError(`${path} is not a backup that this version of Assay can read: its manifest is not valid.`)
}
