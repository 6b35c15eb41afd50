import type { Logger } from 'pino'
import type { AssayProcess } from './assay-process.ts'

/** An orderly stop takes the worker's 10 s at most, and what comes after it a moment. */
const limitMs = 20_000
/** npm, npx and the terminal each pass on the same Ctrl-C. */
const sameSignalMs = 500

/**
 * Starts a process, uses it, and stops it in order: on Ctrl-C, SIGTERM, a closed terminal or the end of its database, whenever
 * that happens. A second Ctrl-C exits at once.
 * @param use resolves with STAY to go on until one of these happens, with STOP to end
 * @returns the exit status: 0 after an orderly stop
 * @throws what `start` or `use` throws, after the stop
 */
export async function untilStopped(
  log: Logger,
  start: () => Promise<AssayProcess>,
  use: (assay: AssayProcess) => Promise<'STAY' | 'STOP'>,
): Promise<number> {
  const asked = signalled(log)
  // A terminal that was closed takes no more words, which must not keep us from stopping in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

  const assay = await start()
  const used = async () => ((await use(assay)) === 'STAY' ? new Promise<never>(() => {}) : null)
  try {
    const failure = await Promise.race([asked, assay.failed, used()])
    if (failure) log.fatal(failure.message)
    return failure ? 1 : 0
  } finally {
    await stopInTime(assay, log)
  }
}

/** Resolves when somebody wants us to stop. */
function signalled(log: Logger): Promise<null> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        const again = signal === 'SIGINT' ? ' Ctrl-C again exits at once.' : ''
        log.info(`Stopping: calls in flight may take up to 10 s.${again}`)
        resolve(null)
      } else if (performance.now() - firstAt > sameSignalMs) process.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

async function stopInTime(assay: AssayProcess, log: Logger): Promise<void> {
  const limit = setTimeout(() => {
    log.error(`Could not stop within ${limitMs / 1000} s, so it ends without waiting; the next start recovers.`)
    process.exit(1)
  }, limitMs)
  await assay.stop()
  clearTimeout(limit)
  log.info('Stopped.')
}
