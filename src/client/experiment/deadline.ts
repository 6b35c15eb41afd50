/**
 * Runs `work` until it settles, times out or is aborted, whichever comes first. In the last two cases its own signal is
 * aborted and whatever it does afterwards is ignored.
 * @throws a `TimeoutError` DOMException on time-out, `outer.reason` when aborted, otherwise whatever `work` throws
 */
export function withDeadline<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  timeoutMs: number,
  outer: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (outer.aborted) return reject(outer.reason)
    const controller = new AbortController()
    const stop = (reason: unknown) => {
      settle()
      reject(reason)
      controller.abort(reason)
    }
    const onAbort = () => stop(outer.reason)
    const timer = setTimeout(
      () => stop(new DOMException(`No result within ${timeoutMs} ms.`, 'TimeoutError')),
      timeoutMs,
    )
    const settle = () => {
      clearTimeout(timer)
      outer.removeEventListener('abort', onAbort)
    }
    outer.addEventListener('abort', onAbort, { once: true })
    const run = async () => work(controller.signal)
    run().then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: unknown) => {
        settle()
        reject(error)
      },
    )
  })
}
