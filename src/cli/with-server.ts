/**
 * The server that a command talks to: the one of `--url` or ASSAY_URL, else the one that is running on the data
 * directory or at the usual address, else one that this process starts and stops again.
 */
import type { Command } from 'commander'
import { CliError, Interrupted } from './cli-error.ts'
import { dataDirOption } from './data-dir-option.ts'
import { GraphQLClient, serverUrl } from './graphql-client.ts'
import { projectOption } from './project-option.ts'
import { isAssay, runningServer } from './running-server.ts'
import { duplicateSignalMs } from './until-stopped.ts'
import { defaultUrl, urlOption } from './url-option.ts'

export interface ServerOptions {
  url?: string
  project?: string
  dataDir: string
}

export interface Connection {
  readonly client: GraphQLClient
  /** Whether the server stops with this command. */
  readonly isOwn: boolean
  /** Called on Ctrl-C before the command ends. @returns what to tell then */
  onInterrupt: (() => string) | null
}

/** Adds the options that say which server a command talks to. */
export function withServerOptions(command: Command): Command {
  return command
    .addOption(urlOption())
    .addOption(projectOption())
    .addOption(dataDirOption('data directory of the embedded PostgreSQL, where no server is running'))
}

/**
 * Connects a command to its server, ends it on Ctrl-C, and closes what was opened.
 * @param how.executes whether a server that has to be started executes runs; those of others would go on, too
 * @throws {Interrupted} on Ctrl-C and SIGTERM
 * @throws {CliError} when there is no server and none can be started
 */
export async function withServer<Result>(
  options: ServerOptions,
  work: (connection: Connection) => Promise<Result>,
  { executes = false }: { executes?: boolean } = {},
): Promise<Result> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  interrupted.catch(() => {})
  let connection: Connection | undefined
  let firstAt: number | undefined
  let startsOwn = false
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = performance.now()
      reject(new Interrupted(connection?.onInterrupt?.() ?? ''))
      if (startsOwn) process.stderr.write('Stopping the server of this command. Press Ctrl-C again to exit at once.\n')
    } else if (performance.now() - firstAt > duplicateSignalMs) process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  const found = options.url === undefined ? await findServer(options.dataDir) : serverUrl(options.url)
  startsOwn = found === null
  const own = found === null ? await startOwn(options, executes) : null
  const client = new GraphQLClient(own?.url ?? found ?? '', options.project, own !== null)
  try {
    connection = { client, isOwn: own !== null, onInterrupt: null }
    return await Promise.race([work(connection), interrupted])
  } finally {
    await client.close()
    await own?.stop()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal)
  }
}

/** The URL of a server that is running on this machine; null when there is none. */
async function findServer(dataDir: string): Promise<string | null> {
  const onDataDir = process.env.DATABASE_URL ? null : await runningServer(dataDir)
  return onDataDir ?? ((await isAssay(defaultUrl)) ? defaultUrl : null)
}

async function startOwn(
  { dataDir }: ServerOptions,
  executes: boolean,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const [{ startProcess }, { openLog }] = await Promise.all([import('./assay-process.ts'), import('./log.ts')])
  const databaseUrl = process.env.DATABASE_URL || null
  const place = databaseUrl === null ? dataDir : 'DATABASE_URL'
  process.stderr.write(`No server is running: starting one on ${place} for this command (assay serve keeps one).\n`)
  const assay = await startProcess({
    log: openLog('warn'),
    databaseUrl,
    dataDir,
    config: null,
    slots: executes ? ownSlots : null,
    http: { host: '127.0.0.1', port: 0 },
  })
  if (assay.url === null) throw new CliError('The server does not listen.')
  return { url: assay.url, stop: () => assay.stop() }
}

/** Concurrent calls, as of `assay serve`. */
const ownSlots = 200
