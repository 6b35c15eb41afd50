import type { Logger } from 'pino'
import type { AssayProcess } from './assay-process.ts'

/** An orderly stop takes the worker's 10 s at most, and what comes after it a moment. */
const limitMs = 20_000
/** npm, npx and the terminal each pass on the same Ctrl-C. */
const sameSignalMs = 500

/**
 * Waits for Ctrl-C, SIGTERM or the end of the database, then stops the process in order. A second Ctrl-C exits at once.
 * @returns the exit status: 0 after an orderly stop
 */
export async function untilStopped(assay: AssayProcess, log: Logger): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    firstAt ??= performance.now()
    if (performance.now() - firstAt > sameSignalMs) process.exit(130)
    resolve(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)

  // A terminal that was closed takes no more words, which must not keep us from stopping in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

  const cause = await Promise.race([asked, assay.failed])
  if (cause instanceof Error) log.fatal(cause.message)
  else
    log.info(
      `Stopping: calls in flight may take up to 10 s. ${cause === 'SIGINT' ? 'Ctrl-C again exits at once.' : ''}`.trim(),
    )
  const limit = setTimeout(() => {
    log.error(`Could not stop within ${limitMs / 1000} s, so it ends without waiting; the next start recovers.`)
    process.exit(1)
  }, limitMs)
  await assay.stop()
  clearTimeout(limit)
  if (cause instanceof Error) return 1
  log.info('Stopped.')
  return 0
}
