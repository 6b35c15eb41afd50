import type { Logger } from 'pino'
import { messageOf } from '../domain/errors.ts'
import type { AssayProcess } from './assay-process.ts'

/** A graceful stop takes the worker at most 10 s, and the rest a moment. */
const timeoutMs = 20_000
/** npm, npx and the terminal each forward the same Ctrl-C. */
export const duplicateSignalMs = 500

/**
 * Starts a process, uses it, and stops it gracefully: on Ctrl-C, SIGTERM, a closed terminal or the loss of its
 * database, whenever that happens. A second Ctrl-C exits immediately.
 * @param use resolves with STAY to run until one of these happens, with STOP to end
 * @returns the exit status: 0 after a graceful stop
 * @throws what `start` or `use` throws, after the stop
 */
export async function untilStopped(
  log: Logger,
  start: () => Promise<AssayProcess>,
  use: (assay: AssayProcess) => Promise<'STAY' | 'STOP'>,
): Promise<number> {
  const signal = signalled(log)
  // Writing to a closed terminal fails, which must not interrupt the graceful stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

  const assay = await start()
  const crash = uncaught(log)
  const used = async () => ((await use(assay)) === 'STAY' ? new Promise<never>(() => {}) : null)
  try {
    const failure = await Promise.race([signal, assay.failed, crash, used()])
    if (failure) log.fatal(failure.message)
    return failure ? 1 : 0
  } finally {
    await stopInTime(assay, log)
  }
}

/** Resolves with the first error that was caught by nobody: what it left behind is not known, so the process stops. */
function uncaught(log: Logger): Promise<Error> {
  return new Promise((resolve) => {
    const onError = (thrown: unknown) => {
      log.fatal({ err: thrown }, 'An error was caught by nobody.')
      resolve(new Error(`This process stops because of an error that was caught by nobody: ${messageOf(thrown)}`))
    }
    process.on('uncaughtException', onError).on('unhandledRejection', onError)
  })
}

/** Resolves on the first signal to stop. */
function signalled(log: Logger): Promise<null> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        const again = signal === 'SIGINT' ? ' Press Ctrl-C again to exit immediately.' : ''
        log.info(`Stopping: calls in flight may take up to 10 s.${again}`)
        resolve(null)
      } else if (performance.now() - firstAt > duplicateSignalMs) process.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

async function stopInTime(assay: AssayProcess, log: Logger): Promise<void> {
  const limit = setTimeout(() => {
    log.error(`Could not stop within ${timeoutMs / 1000} s; exiting now. The next start recovers.`)
    process.exit(1)
  }, timeoutMs)
  await assay.stop()
  clearTimeout(limit)
  log.info('Stopped.')
}
