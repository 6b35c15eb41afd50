/** The PostgreSQL that a command uses: your own, or the embedded one, which runs for as long as it is needed. */
import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Logger } from 'pino'
import { runningServerUrl, startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres.ts'
import { EmbeddedPostgresError } from '../embedded-postgres/error.ts'
import { CliError } from './cli-error.ts'

export interface PostgresOptions {
  log: Logger
  /** `postgresql://…` of your own server; null: an embedded one in `dataDir`. */
  databaseUrl: string | null
  dataDir: string
  /** Whether to use the embedded one that another process has started, rather than to fail. */
  share?: boolean
}

interface Postgres {
  url: string
  /** Its location, as text for users. */
  name: string
  /** Settles only when the database is gone for good. */
  failed: Promise<Error>
  stop(): Promise<void>
}

/** @throws {CliError} when DATABASE_URL cannot be used @throws {EmbeddedPostgresError} */
export async function openPostgres({ databaseUrl, dataDir, log, share }: PostgresOptions): Promise<Postgres> {
  if (databaseUrl !== null) {
    await checkConnection(databaseUrl)
    return { url: databaseUrl, name: withoutPassword(databaseUrl), failed: new Promise(() => {}), stop: async () => {} }
  }
  const directory = resolve(dataDir)
  const embedded = await startEmbeddedPostgres({ dataDir: directory, log: (message) => log.info(message) }).catch(
    async (error: unknown) => {
      const isInUse = error instanceof EmbeddedPostgresError && error.code === 'IN_USE'
      const url = isInUse && share ? await runningServerUrl(directory) : undefined
      if (url === undefined) throw error
      return { url, closed: new Promise<undefined>(() => {}), stop: async () => {} }
    },
  )
  await ignoreInGit(directory)
  const failed = new Promise<Error>((settle) => {
    void embedded.closed.then((error) => error && settle(error))
  })
  return { url: embedded.url, name: directory, failed, stop: () => embedded.stop() }
}

const ownEntries = ['postgres', 'secret-key', 'server.json']

/** The data is beside the code of a project, and nothing for its repository. */
async function ignoreInGit(directory: string): Promise<void> {
  // With other things in it, it is not only ours, as the folder of a project.
  if ((await readdir(directory)).some((name) => !ownEntries.includes(name))) return
  await writeFile(join(directory, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => {})
}

/** Fails early, with the name of the server, if DATABASE_URL is wrong. */
async function checkConnection(url: string): Promise<void> {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CliError(
      `DATABASE_URL: expected postgresql://user:password@host:port/database, got ${withoutPassword(url)}.`,
    )
  }
  const parsed = URL.parse(url)
  if (parsed === null || parsed.hash !== '') {
    throw new CliError(
      'DATABASE_URL cannot be read as a URL. Characters of the password that mean something in URLs have to be encoded: # as %23, / as %2F, ? as %3F, @ as %40, : as %3A, % as %25.',
    )
  }
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    const reason = (error as Error).message || (error as NodeJS.ErrnoException).code
    throw new CliError(
      `The database at ${withoutPassword(url)} (DATABASE_URL) cannot be used: ${reason}. ` +
        'Start it or correct the URL; without DATABASE_URL Assay uses its own.',
    )
  } finally {
    await client.end()
  }
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url)
  // Text that is not a URL may be a password with unencoded characters.
  if (!parsed) return 'something else'
  parsed.password = ''
  parsed.search = ''
  return parsed.href
}
