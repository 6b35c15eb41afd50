/** The program of the worker process beside a server, which starts and stops it by messages. */
import { constants } from 'node:os'
import { setSessionPriority } from '../db/process-priority.ts'
import { type AssayProcess, startProcess } from './assay-process.ts'
import { CliError } from './cli-error.ts'
import { openLog } from './log.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

const heartbeatMs = 1_000

// Before the processor is shared fairly between runs and those who look at them, the server answers. Function hosts inherit it.
setSessionPriority(process.pid, constants.priority.PRIORITY_BELOW_NORMAL)

let stop = (): void => process.exit(0)
// A Ctrl-C and a closed terminal reach all processes; the server passes on what they mean.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('SIGTERM', () => stop())
// Without its server nobody would stop it. Its leases expire, as those of any process that was killed.
process.on('disconnect', () => process.exit(1))

process.on('message', (message: ToWorker) => {
  if ('start' in message) void start(message.start)
  else if ('stop' in message) stop()
})

// While the server prepares the database. Who starts the worker is told what is wrong with it.
void import('./worker-part.ts').catch(() => {})

function say(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

async function start({ logLevel, databaseUrl, ...settings }: Extract<ToWorker, { start: unknown }>['start']) {
  const log = openLog(logLevel)
  let assay: AssayProcess
  try {
    assay = await startProcess({ ...settings, log, databaseUrl, dataDir: '', http: null })
  } catch (error) {
    if (error instanceof CliError) say({ failed: error.message })
    else log.fatal({ err: error }, 'The worker process could not start.')
    process.exitCode = 1
    process.disconnect()
    return
  }
  const { functions, problem, worker, metrics } = assay
  const heartbeat = setInterval(() => say({ fetchedAgoMs: performance.now() - (worker?.fetchedAt ?? 0) }), heartbeatMs)
  let stopping = false
  const end = async (status: number) => {
    if (stopping) return
    stopping = true
    await assay.stop()
    clearInterval(heartbeat)
    process.exit(status)
  }
  stop = () => void end(0)
  const fail = (error: unknown) => {
    log.fatal({ err: error }, 'An error was caught by nobody: this worker process stops, and is started again.')
    void end(1)
  }
  process.on('uncaughtException', fail).on('unhandledRejection', fail)
  void assay.failed.then((error) => {
    log.fatal(error.message)
    void end(1)
  })
  process.on('message', async (message: ToWorker) => {
    if ('metrics' in message) say({ metrics: await metrics.registry.getMetricsAsJSON(), answers: message.metrics })
  })
  say({ ready: { functions, problem } })
}
