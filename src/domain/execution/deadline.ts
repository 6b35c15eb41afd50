import { onAbort } from '../listeners.ts'

/** A time limit for work that may ignore its signal: user code can never hold a slot longer than this. */
export interface Deadline {
  /** In milliseconds. */
  timeoutMs: number
  /** Aborts the work from outside, for example on cancel or shutdown. */
  signal: AbortSignal
}

/** Waits for something that does not count towards the time limit. One at a time. */
export type Uncounted = <T>(wait: () => Promise<T>) => Promise<T>

/**
 * Runs `work` until it settles, times out or is aborted, whichever comes first. In the last two cases its own signal is
 * aborted and whatever it does afterwards is ignored.
 * @throws a `TimeoutError` DOMException on timeout, `signal.reason` when aborted, otherwise whatever `work` throws.
 */
export function withDeadline<T>(
  work: (signal: AbortSignal, uncounted: Uncounted) => T | PromiseLike<T>,
  deadline: Deadline,
): Promise<T> {
  const { signal: outer, timeoutMs } = deadline
  // Not AbortSignal.any with AbortSignal.timeout: those cost two to three times as much per call.
  return new Promise<T>((resolve, reject) => {
    if (outer.aborted) return reject(outer.reason)
    const controller = new AbortController()
    const stop = (reason: unknown) => {
      settle()
      reject(reason)
      controller.abort(reason)
    }
    const expire = () => stop(new DOMException(`No result within ${timeoutMs} ms.`, 'TimeoutError'))
    let timer = setTimeout(expire, timeoutMs)
    let settled = false
    const settle = () => {
      settled = true
      clearTimeout(timer)
      ignoreAbort()
    }
    const ignoreAbort = onAbort(outer, () => stop(outer.reason))
    let [leftMs, since] = [timeoutMs, performance.now()]
    const uncounted: Uncounted = async (wait) => {
      clearTimeout(timer)
      leftMs -= performance.now() - since
      try {
        return await wait()
      } finally {
        since = performance.now()
        if (!settled) timer = setTimeout(expire, leftMs)
      }
    }
    const run = async () => work(controller.signal, uncounted)
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
