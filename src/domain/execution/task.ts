import type { Json } from '../json/json.ts'

/** What a run executes, as stored in the experiment and pinned by the run. */
export type TaskSpec = HttpTaskSpec | ModuleTaskSpec | ClientTaskSpec

/** A call of an HTTP endpoint per item. */
export interface HttpTaskSpec {
  kind: 'http'
  url: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  headers: Record<string, string>
  /**
   * JSON with placeholders such as `{{input}}`, `{{input.question}}` and `{{metadata.…}}`; null sends the item as
   * `{input, metadata}`.
   */
  body: Json
  /** JSONPath of the output in the response; null takes the whole body. */
  outputPath: string | null
  costPath: string | null
  inputTokensPath: string | null
  outputTokensPath: string | null
}

/** A function registered under `name` in assay.config.ts. */
export interface ModuleTaskSpec {
  kind: 'module'
  name: string
}

/** A function that clients execute in their own processes: they claim the items of a run and record the results. */
export interface ClientTaskSpec {
  kind: 'client'
  /** Names the function; its limits are those of the endpoint `client:<name>`. */
  name: string
  /** Identifies the code, for example a hash of it; null when not known. */
  version: string | null
}

/** The dataset item that a task is called with. */
export interface TaskItem {
  /** Global id of the dataset item, as in the API and in exports. */
  id: string
  key: string | null
  input: Json
  expectedOutput: Json
  metadata: Json
  tags: string[]
  /** From 0. */
  repetition: number
  /** The number of this call, from 1: as `RunItem.attempt`. */
  attempt: number
}

export interface TaskContext {
  /** Aborted on timeout, cancel and shutdown. */
  signal: AbortSignal
  /** W3C trace context of this call. */
  traceparent: string
}

export interface TaskResult {
  output: Json
  /** Null when unknown; never 0 for unknown. */
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
}

/** A task that is ready to run. @throws {TaskError} for every failure that a user can understand. */
export type Task = (item: TaskItem, context: TaskContext) => Promise<TaskResult>

const taskErrorCodes = [
  'TIMEOUT',
  'CONNECTION_REFUSED',
  'CONNECTION_FAILED',
  'BLOCKED_ADDRESS',
  'HTTP_STATUS',
  'RATE_LIMITED',
  'MALFORMED_RESPONSE',
  'RESPONSE_TOO_LARGE',
  'INVALID_INPUT',
  'OUTPUT_NOT_FOUND',
  'INVALID_OUTPUT',
  'TASK_FAILED',
  'MODULE_NOT_FOUND',
] as const
export type TaskErrorCode = (typeof taskErrorCodes)[number]

export const itemErrorCodes = [...taskErrorCodes, 'UNSTORABLE_RESULT', 'EVALUATOR_FAILED'] as const
/** What can be wrong with an item or a score. */
export type ItemErrorCode = (typeof itemErrorCodes)[number]

/** Whether it is a code that Assay gives, not one of a task's own. */
export function isItemErrorCode(code: string): code is ItemErrorCode {
  return itemErrorCodes.some((known) => known === code)
}

/** How many items of a run failed in which way. */
export type Failures = Partial<Record<ItemErrorCode, number>>

/** The kind of failure of a code: a task's own codes are all TASK_FAILED. */
export function kindOfFailure(code: string): ItemErrorCode {
  return isItemErrorCode(code) ? code : 'TASK_FAILED'
}

/** Counts failures with a code among those of its kind. */
export function addFailures(failures: Failures, code: string, count: number): void {
  const kind = kindOfFailure(code)
  failures[kind] = (failures[kind] ?? 0) + count
}

/** Why one call of a task failed, and whether another attempt can help. */
export class TaskError extends Error {
  /** One of those that Assay gives, or the task's own. */
  readonly code: TaskErrorCode | (string & {})
  readonly retryable: boolean
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfterMs: number | null
  /** Whether the endpoint is overloaded, so that it is called less for a while. */
  readonly overloaded: boolean

  constructor(
    code: TaskErrorCode | (string & {}),
    message: string,
    options: { retryable: boolean; retryAfterMs?: number | null; overloaded?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'TaskError'
    this.code = code
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs ?? null
    this.overloaded = options.overloaded ?? code === 'RATE_LIMITED'
  }
}

/** The failure of an item or a score, as stored and shown. */
export interface ItemError {
  /** An ItemErrorCode, or the task's own. */
  code: string
  message: string
  retryable: boolean
  /** The number of the call that failed, or whose output could not be scored; absent in errors of before it was kept. */
  attempt?: number
}
