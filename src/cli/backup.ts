/** `assay backup` and `assay restore`: everything in the database as one file, and an Assay made from it elsewhere. */
import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'
import { dataDirOption } from './data-dir-option.ts'
import { jsonOption, printJson, printLine, say } from './output.ts'
import { openProgress } from './progress.ts'

interface BackupOptions {
  dataDir: string
  json: boolean
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('Write everything in the database to a file, while Assay is running.')
    .argument('<file>', 'the new file, a ZIP')
    .addOption(dataDirOption('data directory of the embedded PostgreSQL, without DATABASE_URL'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Datasets with their files, experiments, prompts, evaluators, runs, scores, keys and settings of all projects, as of one moment.
Not in it: assay.config.ts, and the key that stored keys of providers are encrypted with (secret-key in the data directory, or
ASSAY_SECRET_KEY): keep a copy of it apart.

Example:
  $ assay backup assay-backup.zip`,
    )
    .action((file: string, options: BackupOptions) => backup(file, options))
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('Make an Assay from a backup, in an empty data directory or database.')
    .argument('<file>', 'what `assay backup` wrote')
    .addOption(dataDirOption('data directory of the embedded PostgreSQL, without DATABASE_URL'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
All of it or nothing. Runs that were executing go on as soon as \`assay serve\` is started; clients that follow a run are told to
start over. API keys are those of the backup, also those that were revoked after it.

Example:
  $ assay restore assay-backup.zip --data-dir /var/lib/assay && assay serve --data-dir /var/lib/assay`,
    )
    .action((file: string, options: BackupOptions) => restore(file, options))
}

async function backup(file: string, { dataDir, json }: BackupOptions): Promise<void> {
  if (existsSync(file)) throw new CliError(`${file} exists: a backup is always a new file.`)
  const { hasCluster } = await import('../embedded-postgres/home.ts')
  if (!process.env.DATABASE_URL && !hasCluster(dataDir)) {
    throw new CliError(`There is no Assay in ${resolve(dataDir)}: say with --data-dir or DATABASE_URL where it is.`)
  }
  const { writeBackup } = await import('../engine/backup/write-backup.ts')
  const unfinished = `${file}.unfinished`
  const progress = openProgress()
  const line = progress.add('backup')
  // Of a backup that was interrupted.
  await rm(unfinished, { force: true })
  try {
    const written = await withDatabase(dataDir, true, (url) =>
      writeBackup(url, createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }), {
        version: manifest.version,
        onTable: (table, done, of) => line.update(done, of, table),
      }),
    )
    progress.stop()
    await rename(unfinished, file)
    const { size } = await stat(file)
    const rows = written.tables.reduce((sum, table) => sum + table.rows, 0)
    if (json) return printJson({ file: resolve(file), bytes: size, rows, ...written })
    printLine(`${file}: ${rows} rows of ${written.tables.length} tables, ${(size / 1e6).toFixed(1)} MB.`)
    if (written.secretKey !== null) say(secretKeyNote(written.secretKey))
  } finally {
    progress.stop()
    await rm(unfinished, { force: true })
  }
}

async function restore(file: string, { dataDir, json }: BackupOptions): Promise<void> {
  const { readBackup, restoreBackup } = await import('../engine/backup/restore-backup.ts')
  // Before anything is made.
  await explained(readBackup(file))
  const progress = openProgress()
  const line = progress.add('restore')
  try {
    const restored = await withDatabase(dataDir, false, (url) =>
      restoreBackup(url, file, { onTable: (table, done, of) => line.update(done, of, table) }),
    )
    progress.stop()
    const rows = restored.tables.reduce((sum, table) => sum + table.rows, 0)
    const place = process.env.DATABASE_URL ? 'the database of DATABASE_URL' : resolve(dataDir)
    if (json) return printJson({ place, rows, ...restored })
    printLine(`${rows} rows of ${restored.tables.length} tables, as of ${restored.createdAt}, are in ${place}.`)
    if (restored.secretKey !== null) say(secretKeyNote(restored.secretKey))
  } finally {
    progress.stop()
  }
}

function secretKeyNote(fingerprint: string): string {
  return `Stored keys of providers are in it encrypted, and the key that opens them (fingerprint ${fingerprint}) is not: copy the file secret-key of the data directory, or give ASSAY_SECRET_KEY, where it is restored.`
}

/** @param share whether a server may be running on it */
async function withDatabase<Result>(
  dataDir: string,
  share: boolean,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const [{ openPostgres }, { openLog }] = await Promise.all([import('./open-postgres.ts'), import('./log.ts')])
  const databaseUrl = process.env.DATABASE_URL || null
  const postgres = await explained(openPostgres({ log: openLog('warn'), databaseUrl, dataDir, share }))
  try {
    return await explained(work(postgres.url))
  } finally {
    await postgres.stop()
  }
}

/** What users can do something about, without a stack. */
async function explained<Result>(work: Promise<Result>): Promise<Result> {
  const [{ BackupError }, { EmbeddedPostgresError }, { MigrationError }] = await Promise.all([
    import('../engine/backup/backup-file.ts'),
    import('../embedded-postgres/error.ts'),
    import('../db/migration-error.ts'),
  ])
  return work.catch((error: Error & { code?: string }) => {
    const known = [BackupError, EmbeddedPostgresError, MigrationError].some((type) => error instanceof type)
    const isOfSystem = /^E[A-Z]+$/.test(error.code ?? '')
    throw known || isOfSystem ? new CliError(error.message, { cause: error }) : error
  })
}
