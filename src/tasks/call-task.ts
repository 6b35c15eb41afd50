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
 * by its status and its `retry-after`; a failed connection by its code. Each may also be the cause of what is thrown.
 * `retryable` of the thrown value decides if it has one; everything else is a final TASK_FAILED.
 */
export function asTaskError(thrown: unknown, now = Date.now()): TaskError {
  if (thrown instanceof TaskError) return thrown
  const message = failureOf(thrown)
  const chain = causesOf(thrown)
  const retryable = isObject(thrown) ? Reflect.get(thrown, 'retryable') : undefined
  const own = typeof retryable === 'boolean' ? retryable : null
  if (chain.some(isTimeout)) return new TaskError('TIMEOUT', message, { retryable: own ?? true, cause: thrown })
  const answered = chain.map((error) => ({ error, status: statusOf(error) })).find(({ status }) => status !== null)
  if (answered?.status) {
    const failure = failureOfStatus(answered.status, retryAfterOf(answered.error), now)
    const code = failure.code === 'RATE_LIMITED' ? failure.code : 'TASK_FAILED'
    return new TaskError(code, message, { ...failure, retryable: own ?? failure.retryable, cause: thrown })
  }
  const code = chain.map(connectionCodeOf).find((code) => code !== null)
  if (code !== undefined) {
    const connection = connectionError('', Object.assign(new Error(message), { code }))
    return new TaskError(connection.code, message, { retryable: own ?? connection.retryable, cause: thrown })
  }
  return new TaskError('TASK_FAILED', message, { retryable: own ?? false, cause: thrown })
}

/** A thrown value and its causes, as far as they are objects. */
function causesOf(thrown: unknown): object[] {
  const chain: object[] = []
  for (let error = thrown; isObject(error) && chain.length < maxCauses; error = Reflect.get(error, 'cause')) {
    chain.push(error)
  }
  return chain
}

/** The HTTP status that an error of an SDK is about: its own, or that of the response it has. */
function statusOf(error: object): number | null {
  const { status, statusCode, response, $metadata } = error as Record<string, unknown>
  const inside = [response, $metadata].filter(isObject) as Record<string, unknown>[]
  const given = [status, statusCode, ...inside.flatMap((part) => [part.status, part.statusCode, part.httpStatusCode])]
  const found = given.map(Number).find((value) => Number.isInteger(value) && value >= 400 && value <= 599)
  return found ?? null
}

/** Of a failed connection; one to several addresses has several. Other codes of the system are about files. */
function connectionCodeOf(error: object): string | null {
  const code = codeOf(error) ?? (error instanceof AggregateError ? codeOf(error.errors[0]) : undefined)
  return code !== undefined && connectionCodes.test(code) ? code : null
}

const connectionCodes =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EAI_\w+|ENOTFOUND|EHOST\w+|ENET\w+|EADDRNOTAVAIL|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|RES_\w+)|CERT_\w+|ERR_TLS_\w+)$/

/** Whatever the case of its name. */
function retryAfterOf(error: object): string | undefined {
  const { headers, responseHeaders, response } = error as Record<'headers' | 'responseHeaders', unknown> & {
    response?: { headers?: unknown }
  }
  for (const given of [headers, responseHeaders, response?.headers]) {
    if (!isObject(given)) continue
    const entries = given instanceof Headers ? [...given] : Object.entries(given)
    const [, value] = entries.find(([name]) => name.toLowerCase() === 'retry-after') ?? []
    if (typeof value === 'string' || typeof value === 'number') return String(value)
  }
  return undefined
}

export function isTimeout(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'TimeoutError'
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
