import { InvalidInputError } from '../domain/errors.ts'
import type { ItemError, TaskItem } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { newTraceparent } from '../models/traceparent.ts'
import { asTaskError, callTask } from '../tasks/call-task.ts'
import { createHttpTask, parseHttpTask } from '../tasks/http.ts'
import { parseModuleTask } from '../tasks/module.ts'
import { callByWorker } from './call-by-worker.ts'
import type { Services } from './services.ts'
import { functionsFor } from './workers.ts'

interface PreviewTaskInput {
  /** As `parseTaskSpec` takes it. */
  task: unknown
  input: Json
  metadata: Json
}

/** What a run would record of one item. */
export interface TaskPreview {
  /** Null with an error. */
  output: Json
  error: ItemError | null
  latencyMs: number
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
}

/** Of the call itself. */
const timeoutMs = 30_000
/** Of a function, with its wait for a worker and for its limits. */
const waitMs = 40_000

/**
 * Calls an endpoint or a function once, as a run does for one item, without recording anything. Functions are called by
 * a worker, under their limits.
 * @param signal aborted when nobody waits for it any more; ends the call
 * @throws {InvalidInputError} an invalid task, a function that no worker has, or another kind: prompts have previews of their own
 */
export async function previewTask(
  services: Services,
  scope: Scope,
  { task, input, metadata }: PreviewTaskInput,
  signal: AbortSignal,
): Promise<TaskPreview> {
  requireWrite(scope)
  const item = { id: 'preview', key: null, input, expectedOutput: null, metadata, tags: [], repetition: 0, attempt: 1 }
  const kind = (task as { kind?: unknown }).kind
  if (kind === 'module') return await previewFunction(services, scope, task, item, signal)
  if (kind !== 'http') {
    throw new InvalidInputError(`Expected an HTTP endpoint or a function to try, got a task of the kind ${kind}.`, [
      'task',
    ])
  }
  const call = createHttpTask(parseHttpTask(task, ['task', 'http']), services.http, Date.now)
  const startedAt = performance.now()
  try {
    const result = await callTask(call, item, { timeoutMs, signal, traceparent: newTraceparent() })
    return { ...result, error: null, latencyMs: performance.now() - startedAt }
  } catch (thrown) {
    const { code, message, retryable } = asTaskError(thrown)
    return failed({ code, message, retryable }, startedAt)
  }
}

async function previewFunction(
  services: Services,
  scope: Scope,
  task: unknown,
  item: TaskItem,
  signal: AbortSignal,
): Promise<TaskPreview> {
  const spec = parseModuleTask(task, await functionsFor(services, task, ['task']), ['task', 'module'])
  const startedAt = performance.now()
  const called = await callByWorker(services, scope, { task: spec, item }, { timeoutMs, waitMs, signal })
  return 'failure' in called ? failed(called.failure, startedAt) : { ...called.answer, error: null }
}

function failed(error: ItemError, startedAt: number): TaskPreview {
  const unknown = { costUsd: null, inputTokens: null, outputTokens: null }
  return { output: null, error, latencyMs: performance.now() - startedAt, ...unknown }
}
