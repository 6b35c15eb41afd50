/**
 * `assay serve` and `assay worker`: the commands that run until they are stopped. Only they load the engine, so that
 * the other commands start fast.
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { RegisteredFunction } from '../domain/execution/functions.ts'
import { parseOrigin } from '../server/cors.ts'
import { CliError } from './cli-error.ts'
import { dataDirOption } from './data-dir-option.ts'
import { serverUrl } from './graphql-client.ts'
import { type LogLevel, logLevels, openLog } from './log.ts'
import { announceServer, withdrawServer } from './running-server.ts'
import { untilStopped } from './until-stopped.ts'
import { wholeNumber } from './whole-number.ts'

interface SharedOptions {
  config?: string
  slots: number
  functionMemory: number
  allowPrivateEndpoints: boolean
  logLevel: LogLevel
}

interface WorkerOptions extends SharedOptions {
  metricsHost: string
  metricsPort?: number
}

interface ServeOptions extends SharedOptions {
  maxRunItems: number
  host: string
  port: number
  dataDir: string
  publicUrl?: string
  allowOrigin: string[]
  traceUrl?: string
  worker: boolean
  open: boolean
  firstKey: boolean
}

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Serve the GraphQL interface and execute runs.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any free port', wholeNumber(0, 65_535), 4000)
    .addOption(dataDirOption('data directory of the embedded PostgreSQL'))
    .addOption(
      new Option('--public-url <url>', 'public URL of the server behind a proxy')
        .env('ASSAY_PUBLIC_URL')
        .argParser(serverUrl),
    )
    .addOption(
      new Option(
        '--allow-origin <origin>',
        'origin of web pages that may use the server besides its own, such as http://localhost:5173; may be repeated',
      )
        .env('ASSAY_ALLOW_ORIGIN')
        .argParser(origins)
        .default([], 'none'),
    )
    .addOption(
      new Option('--trace-url <template>', 'URL of a trace, such as https://jaeger.example/trace/{traceId}').env(
        'ASSAY_TRACE_URL',
      ),
    )
    .addOption(
      new Option('--max-run-items <number>', 'maximum items of one run, repetitions included')
        .env('ASSAY_MAX_RUN_ITEMS')
        .argParser(wholeNumber(1, 1_000_000_000))
        .default(2_000_000),
    )
    .option('--open', 'require no API key even if there have been some; only on loopback', false)
    .addOption(
      // With `env`, a boolean option of commander is true whatever the value of the variable.
      new Option(
        '--first-key',
        'make a key for the administrator when the embedded database is new, and print it once ' +
          '(env: ASSAY_FIRST_KEY=true)',
      ).default(process.env.ASSAY_FIRST_KEY === 'true', 'false'),
    )
    .option('--no-worker', 'serve only; `assay worker` processes on the same DATABASE_URL execute the runs')
  return withSharedOptions(command)
    .addHelpText(
      'after',
      `
Environment:
  DATABASE_URL       postgresql://user:password@host:port/database, used instead of the embedded PostgreSQL
  ASSAY_POOLED_DATABASE_URL, ASSAY_REPLICA_DATABASE_URL
                     the same database through a pooler in transaction mode, and a read replica of it
  ASSAY_SECRET_KEY   with DATABASE_URL: the key that stored keys of providers are encrypted with, the same for every
                     process (openssl rand -base64 32), or ASSAY_SECRET_KEY_FILE: the path of a file that has it

Examples:
  $ assay serve                                        http://127.0.0.1:4000/graphql, data in ./.assay
  $ assay serve --port 5000 --data-dir /var/lib/assay
  $ DATABASE_URL=postgresql://me@db/assay assay serve  your PostgreSQL; any number of processes may share it`,
    )
    .action((options: ServeOptions) => serve(options))
}

export function workerCommand(): Command {
  const command = new Command('worker').description('Execute runs for a server on the same DATABASE_URL.')
  return withSharedOptions(command)
    .option(
      '--metrics-port <number>',
      'port for /metrics, /healthz and /readyz; 0 for any free port (default: none)',
      wholeNumber(0, 65_535),
    )
    .option('--metrics-host <address>', 'address for them', '127.0.0.1')
    .addHelpText(
      'after',
      `
Start any number of workers, here or on other machines. All of them need the same assay.config.ts.

Example:
  $ DATABASE_URL=postgresql://me@db/assay assay worker --slots 500`,
    )
    .action((options: WorkerOptions) => work(options))
}

function withSharedOptions(command: Command): Command {
  return command
    .option('--config <path>', 'config file with your tasks and evaluators (default: assay.config.ts, if there is one)')
    .option('--slots <number>', 'maximum concurrent calls of tasks in this process', wholeNumber(1, 10_000), 200)
    .addOption(
      new Option('--function-memory <MB>', 'memory of a process for your functions, at which it is ended')
        .env('ASSAY_FUNCTION_MEMORY')
        .argParser(wholeNumber(128, 1_000_000))
        .default(1_024),
    )
    .addOption(
      // With `env`, a boolean option of commander is true whatever the value of the variable.
      new Option(
        '--allow-private-endpoints',
        'let tasks call non-public addresses; always on for a server on loopback ' +
          '(env: ASSAY_ALLOW_PRIVATE_ENDPOINTS=true)',
      ).default(process.env.ASSAY_ALLOW_PRIVATE_ENDPOINTS === 'true', 'false'),
    )
    .addOption(new Option('--log-level <level>', 'verbosity on stderr').choices(logLevels).default('info' as LogLevel))
}

async function serve(options: ServeOptions): Promise<void> {
  const { startProcess } = await import('./assay-process.ts')
  const log = openLog(options.logLevel)
  const start = () =>
    startProcess({
      log,
      databaseUrl: process.env.DATABASE_URL || null,
      pooledDatabaseUrl: process.env.ASSAY_POOLED_DATABASE_URL || null,
      replicaDatabaseUrl: process.env.ASSAY_REPLICA_DATABASE_URL || null,
      dataDir: options.dataDir,
      config: options.config ?? null,
      slots: options.worker ? options.slots : null,
      functionMemoryMb: options.functionMemory,
      allowPrivateEndpoints: options.allowPrivateEndpoints,
      maxRunItems: options.maxRunItems,
      firstKey: options.firstKey,
      http: {
        host: options.host,
        port: options.port,
        publicUrl: options.publicUrl,
        allowedOrigins: options.allowOrigin,
        traceUrlTemplate: options.traceUrl,
        open: options.open,
      },
    })
  process.exitCode = await untilStopped(log, start, async ({ url, database, functions, problem, firstKey }) => {
    if (url !== null && !process.env.DATABASE_URL) await announceServer(options.dataDir, url)
    const workers = `a process beside this one, ${options.slots} concurrent calls`
    process.stdout.write(`Assay is ready.
  Dashboard              ${url}
  GraphQL and GraphiQL   ${url}/graphql
  Data                   ${database}
  Registered             ${options.worker ? registered(functions, problem) : 'see the workers'}
  Worker                 ${options.worker ? workers : 'none with this server'}
${firstKey === null ? '' : `\nThe key of the administrator, which is shown only now. Keep it: ${firstKey}\n\n`}Press Ctrl-C to stop.
`)
    return 'STAY'
  }).finally(() => withdrawServer(options.dataDir))
}

async function work(options: WorkerOptions): Promise<void> {
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) {
    throw new CliError(
      'A worker shares a PostgreSQL with its server: set DATABASE_URL for both. ' +
        'A server with the embedded PostgreSQL executes its runs itself.',
    )
  }
  const { startProcess } = await import('./assay-process.ts')
  const log = openLog(options.logLevel)
  const { slots, metricsHost: host, metricsPort: port } = options
  const start = () =>
    startProcess({
      log,
      databaseUrl,
      pooledDatabaseUrl: process.env.ASSAY_POOLED_DATABASE_URL || null,
      dataDir: '',
      config: options.config ?? null,
      slots,
      functionMemoryMb: options.functionMemory,
      allowPrivateEndpoints: options.allowPrivateEndpoints,
      http: null,
      status: port === undefined ? null : { host, port },
    })
  process.exitCode = await untilStopped(log, start, async ({ url, database }) => {
    const metrics = url === null ? '' : ` Metrics: ${url}/metrics.`
    process.stdout.write(
      `Assay's worker is ready: ${slots} concurrent calls for ${database}.${metrics} Press Ctrl-C to stop.\n`,
    )
    return 'STAY'
  })
}

function registered(functions: readonly RegisteredFunction[], problem: string | null): string {
  if (problem !== null) return `nothing, because the config cannot be loaded: ${problem}`
  const list = (what: string, kind: RegisteredFunction['kind']) => {
    const names = functions.flatMap((one) => (one.kind === kind ? one.name : []))
    if (names.length === 0) return `no ${what}s`
    return `${names.length} ${what}${names.length === 1 ? '' : 's'} (${names.join(', ')})`
  }
  return `${list('task', 'TASK')}; ${list('evaluator', 'EVALUATOR')}`
}

/** Adds the origins in the text, several separated by commas or spaces, to those before it. */
function origins(text: string, before: string[]): string[] {
  try {
    return [
      ...before,
      ...text
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(parseOrigin),
    ]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
