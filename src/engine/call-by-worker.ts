import type { CallRequest, PreviewAnswer } from '../db/sql/preview/previews.ts'
import { listWorkers } from '../db/sql/worker/list-workers.ts'
import { neededFunctions, registeredFunctions } from '../domain/execution/functions.ts'
import type { ItemError, ItemErrorCode } from '../domain/execution/task.ts'
import { endpointOf } from '../domain/limits/endpoint.ts'
import type { Scope } from '../domain/scope.ts'
import { askWorker } from './ask-worker.ts'
import type { Services } from './services.ts'
import { noWorker } from './workers.ts'

interface CallLimits {
  /** Of the call itself, in milliseconds. */
  timeoutMs: number
  /** With its waits for the limits of the endpoint, in milliseconds. */
  waitMs: number
  /** Aborted when nobody waits for it any more. */
  signal: AbortSignal
}

/** Has a worker call a model or a function once, without recording anything. */
export async function callByWorker(
  { db }: Pick<Services, 'db'>,
  { projectId }: Scope,
  { task, item }: Pick<CallRequest, 'task' | 'item'>,
  { timeoutMs, waitMs, signal }: CallLimits,
): Promise<{ answer: PreviewAnswer } | { failure: ItemError }> {
  const functions = Object.keys(neededFunctions(task, []).tasks)
  const workers = await listWorkers(db.pool)
  if (workers.length === 0) return failed('TASK_FAILED', `A call needs a worker, and ${noWorker}.`)
  const able = workers.some((worker) => {
    const { tasks } = registeredFunctions(worker.functions)
    return functions.every((name) => tasks.has(name))
  })
  if (!able) return failed('MODULE_NOT_FOUND', missingFrom(functions, task.kind === 'module'))
  const response = await askWorker(db, { projectId, task, item, functions, timeoutMs }, { waitMs, signal })
  if (response !== null && ('answer' in response || 'failure' in response)) return response
  const where = endpointOf(task)
  return failed('TIMEOUT', `No answer within ${waitMs / 1_000} s: ${where} has no room for the call, or no worker has.`)
}

function missingFrom(functions: readonly string[], isTask: boolean): string {
  const names = functions.join(', ')
  return isTask ? `No worker has the function ${names}.` : `No worker has all functions of the tools: ${names}.`
}

function failed(code: ItemErrorCode, message: string): { failure: ItemError } {
  return { failure: { code, message, retryable: code === 'TIMEOUT' } }
}
