import { createHash, type Hash } from 'node:crypto'
import { Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { ZipFile } from 'yazl'
import {
  type BackupTable,
  beginSnapshot,
  hasMigrations,
  holdTables,
  listBackupTables,
  listMigrations,
  listSequences,
  readRows,
} from '../../db/sql/backup/tables.ts'
import { findFingerprint, hasStoredSecrets } from '../../db/sql/secret/secret-key.ts'
import { BackupError, type BackupManifest, entryOf, manifestName } from './backup-file.ts'

interface BackupOptions {
  /** Of this Assay. */
  version: string
  /** Called with every table that is complete. */
  onTable?: (table: string, done: number, of: number) => void
}

/**
 * Writes a backup of a database, which may be in use: everything in it is of one moment. The memory that it takes does not
 * depend on the size.
 * @returns its manifest
 * @throws {BackupError} there is no Assay in the database
 */
export async function writeBackup(
  url: string,
  out: Writable,
  { version, onTable = () => {} }: BackupOptions,
): Promise<BackupManifest> {
  const client = new Client({ connectionString: url, application_name: `assay backup ${process.pid}` })
  client.on('error', () => {})
  await client.connect()
  try {
    await beginSnapshot(client)
    const tables = await listBackupTables(client)
    if (tables.length === 0 || !(await hasMigrations(client))) {
      throw new BackupError('There is no Assay in the database: nothing to back up.')
    }
    await holdTables(client, tables)
    const manifest: BackupManifest = {
      format: 1,
      assay: version,
      createdAt: new Date().toISOString(),
      migrations: await listMigrations(client),
      tables: [],
      sequences: [],
      secretKey: (await hasStoredSecrets(client)) ? await findFingerprint(client) : null,
    }
    const zip = new ZipFile()
    const output = zip.outputStream as NodeJS.ReadableStream & { destroy(error: Error): void }
    const fail = (error: unknown) => output.destroy(error as Error)
    zip.on('error', fail)
    // One after the other, on one connection: the next one is asked for when the one before has ended.
    const add = (index: number) => {
      const table = tables[index]
      if (!table) {
        void finish().catch(fail)
        return
      }
      zip.addReadStreamLazy(entryOf(table.name), (next) => {
        const counted = new CountedRows()
        const rows = readRows(client, table)
        rows.once('error', fail)
        counted.once('end', () => {
          manifest.tables.push(counted.describe(table))
          onTable(table.name, index + 1, tables.length)
          add(index + 1)
        })
        next(null, rows.pipe(counted))
      })
    }
    const finish = async () => {
      // After the rows: sequences are not part of the snapshot, and must not give a number again.
      manifest.sequences = await listSequences(client)
      zip.addBuffer(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), manifestName)
      zip.end()
    }
    add(0)
    await pipeline(output, out)
    return manifest
  } finally {
    await client.end()
  }
}

/** Passes the rows of a table on, counted and hashed. COPY's text format has one line a row. */
export class CountedRows extends Transform {
  readonly #hash: Hash = createHash('sha256')
  #rows = 0

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk)
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) this.#rows += 1
    done(null, chunk)
  }

  /** Once it has ended. */
  describe({ name, columns }: BackupTable): BackupManifest['tables'][number] {
    return { name, columns, rows: this.#rows, sha256: this.#hash.digest('hex') }
  }
}
