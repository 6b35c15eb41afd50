import { messageOf } from '../domain/errors.ts'
import { type Deadline, withDeadline } from '../domain/execution/deadline.ts'
import { type Task, type TaskContext, TaskError, type TaskItem, type TaskResult } from '../domain/execution/task.ts'
import { replaceUnstorable } from '../domain/json/storable.ts'

/** A call of a task: its context, and how long it may take. */
type Call = Deadline & Omit<TaskContext, 'signal'>

/**
 * Calls a task once. Never takes longer than the timeout, whatever the task does.
 * @throws {TaskError} for every failure; `call.signal.reason` unchanged when that signal aborted.
 */
export async function callTask(task: Task, item: TaskItem, call: Call): Promise<TaskResult> {
  try {
    const { timeoutMs: _, ...context } = call
    return await withDeadline((signal) => task(item, { ...context, signal }), call)
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason
    throw asTaskError(error)
  }
}

/**
 * Any thrown value as a TaskError. A `TimeoutError` (from the timeout, or from the task's own AbortSignal.timeout) is a
 * retryable TIMEOUT; everything else is TASK_FAILED, retryable only when the thrown value has `retryable: true`.
 */
export function asTaskError(thrown: unknown): TaskError {
  if (thrown instanceof TaskError) return thrown
  if (isTimeout(thrown))
    return new TaskError('TIMEOUT', replaceUnstorable(thrown.message), { retryable: true, cause: thrown })
  const retryable = isObject(thrown) && 'retryable' in thrown && thrown.retryable === true
  return new TaskError('TASK_FAILED', failureOf(thrown), { retryable, cause: thrown })
}

export function isTimeout(thrown: unknown): thrown is DOMException {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError'
}

const maxMessageLength = 2_000

function failureOf(thrown: unknown): string {
  const message = messageOf(thrown)
  return replaceUnstorable(thrown instanceof Error ? message : `The task threw ${message}`).slice(0, maxMessageLength)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
