import { randomBytes } from 'node:crypto'
import { InvalidInputError } from '../domain/errors.ts'
import type { ItemError } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { asTaskError, callTask } from '../tasks/call.ts'
import { createHttpTask, parseHttpTask } from '../tasks/http.ts'
import type { Services } from './services.ts'

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

const timeoutMs = 30_000

/**
 * Calls an endpoint once, as a run does for one item, without recording anything.
 * @throws {InvalidInputError} an invalid task, or one that is no HTTP endpoint: functions are executed by workers only
 */
export async function previewTask(
  { http }: Services,
  scope: Scope,
  { task, input, metadata }: PreviewTaskInput,
): Promise<TaskPreview> {
  requireWrite(scope)
  const kind = (task as { kind?: unknown }).kind
  if (kind !== 'http') {
    throw new InvalidInputError(`Expected an HTTP endpoint to try, got a task of the kind ${kind}.`, ['task'])
  }
  const call = createHttpTask(parseHttpTask(task, ['task', 'http']), http, Date.now)
  const item = { id: 'preview', key: null, input, expectedOutput: null, metadata, tags: [], repetition: 0, attempt: 1 }
  const { signal } = new AbortController()
  const startedAt = performance.now()
  const unknown = { costUsd: null, inputTokens: null, outputTokens: null }
  try {
    const result = await callTask(call, item, { timeoutMs, signal, traceparent: newTraceparent() })
    return { ...result, error: null, latencyMs: performance.now() - startedAt }
  } catch (thrown) {
    const { code, message, retryable } = asTaskError(thrown)
    return { output: null, error: { code, message, retryable }, latencyMs: performance.now() - startedAt, ...unknown }
  }
}

/** The endpoint gets a trace context, as in a run; no span of ours belongs to it. */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`
}
