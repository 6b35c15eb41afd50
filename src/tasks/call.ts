import { codeOf, messageOf } from '../domain/errors.ts'
import { connectionError } from '../domain/execution/connection-error.ts'
import { type Uncounted, withDeadline } from '../domain/execution/deadline.ts'
import { FunctionsUnavailableError } from '../domain/execution/functions.ts'
import {
  type EndpointCalls,
  type Task,
  type TaskCall,
  TaskError,
  type TaskItem,
  type TaskResult,
} from '../domain/execution/task.ts'
import { replaceUnstorable } from '../domain/json/storable.ts'
import { failureOfStatus } from './http-failure.ts'

/**
 * Calls a task once. Never takes longer than the timeout, whatever the task does.
 * @throws {TaskError} for every failure; `call.signal.reason` unchanged when that signal aborted.
 * @throws {FunctionsUnavailableError}
 */
export async function callTask(task: Task, item: TaskItem, call: TaskCall): Promise<TaskResult> {
  try {
    if (task.keepsTime) return await task(item, call)
    const calls = (uncounted: Uncounted) => call.calls && withUncountedWaits(call.calls, uncounted)
    return await withDeadline(
      (signal, uncounted) => task(item, { ...call, calls: calls(uncounted), uncounted, signal }),
      call,
    )
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason
    if (error instanceof FunctionsUnavailableError) throw error
    throw asTaskError(error)
  }
}

/** The time limit is for the calls, not for waiting until they may be made. */
function withUncountedWaits(calls: EndpointCalls, uncounted: Uncounted): EndpointCalls {
  return { begin: () => uncounted(() => calls.begin()), end: (ended) => calls.end(ended) }
}

/**
 * Any thrown value as a TaskError, by the same classes as for HTTP tasks: a `TimeoutError` (from the timeout, or from the
 * task's own AbortSignal.timeout) is a retryable TIMEOUT; an error with an HTTP status, as SDKs of models throw, is retried
 * by its status and its `retry-after`; a failed connection by its code. `retryable` of the thrown value decides if it has
 * one; everything else is a final TASK_FAILED.
 */
export function asTaskError(thrown: unknown, now = Date.now()): TaskError {
  if (thrown instanceof TaskError) return thrown
  if (isTimeout(thrown))
    return new TaskError('TIMEOUT', replaceUnstorable(thrown.message), { retryable: true, cause: thrown })
  const message = failureOf(thrown)
  const { status, statusCode, retryable } = (isObject(thrown) ? thrown : {}) as Record<string, unknown>
  const own = typeof retryable === 'boolean' ? retryable : null
  const http = [status, statusCode].find((value) => Number.isInteger(value) && Number(value) >= 400)
  if (http !== undefined) {
    const failure = failureOfStatus(Number(http), retryAfterOf(thrown as object), now)
    const code = failure.code === 'RATE_LIMITED' ? failure.code : 'TASK_FAILED'
    return new TaskError(code, message, { ...failure, retryable: own ?? failure.retryable, cause: thrown })
  }
  const code = connectionCodeOf(thrown)
  if (code !== null) {
    const connection = connectionError('', Object.assign(new Error(message), { code }))
    return new TaskError(connection.code, message, { retryable: own ?? connection.retryable, cause: thrown })
  }
  return new TaskError('TASK_FAILED', message, { retryable: own ?? false, cause: thrown })
}

/** `fetch` and undici have the code in the cause; a connection to several addresses has several. */
function connectionCodeOf(thrown: unknown): string | null {
  for (let error = thrown, depth = 0; error instanceof Error && depth < maxCauses; error = error.cause, depth++) {
    const code = codeOf(error) ?? (error instanceof AggregateError ? codeOf(error.errors[0]) : undefined)
    if (code !== undefined && /^(E[A-Z]+|UND_ERR_\w+|CERT_\w+|ERR_TLS_\w+)$/.test(code) && code !== 'ENOENT')
      return code
  }
  return null
}

function retryAfterOf(thrown: object): string | undefined {
  const { headers, responseHeaders, response } = thrown as Record<'headers' | 'responseHeaders', unknown> & {
    response?: { headers?: unknown }
  }
  for (const given of [headers, responseHeaders, response?.headers]) {
    const value =
      given instanceof Headers ? given.get('retry-after') : isObject(given) && Reflect.get(given, 'retry-after')
    if (typeof value === 'string') return value
  }
  return undefined
}

export function isTimeout(thrown: unknown): thrown is DOMException {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError'
}

const maxMessageLength = 2_000

const maxCauses = 5

/** With the causes: "fetch failed: connect ECONNREFUSED 127.0.0.1:1". */
function failureOf(thrown: unknown): string {
  const messages = [messageOf(thrown)]
  for (let error = thrown; error instanceof Error && error.cause !== undefined && messages.length < maxCauses; ) {
    error = error.cause
    const message = messageOf(error)
    if (!messages.some((known) => known.includes(message))) messages.push(message)
  }
  const message = messages.join(': ')
  return replaceUnstorable(thrown instanceof Error ? message : `The task threw ${message}`).slice(0, maxMessageLength)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
