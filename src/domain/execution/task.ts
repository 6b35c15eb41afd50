import { messageOf } from '../errors.ts'
import type { Json } from '../json/json.ts'
import { replaceUnstorable } from '../json/storable.ts'
import type { Generation } from '../model/generation.ts'
import type { CallSubject } from './call-subject.ts'
import type { Uncounted } from './deadline.ts'
import type { HttpTaskSpec } from './http-task.ts'
import type { PromptTaskSpec } from './prompt-task.ts'

/** What a run executes, as stored in the experiment and pinned by the run. */
export type TaskSpec = HttpTaskSpec | ModuleTaskSpec | PromptTaskSpec | ClientTaskSpec | EchoTaskSpec

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

/** Takes the output from the item: nothing is called, and outputs that a dataset has already are scored. */
export interface EchoTaskSpec {
  kind: 'echo'
  /** A JSONPath of one value of the item; null: its input. */
  outputPath: string | null
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
  /** Begins a span below that of the call; absent when nothing is traced. */
  span?: StartSpan
  /** Who follows the output while it is made; absent when nobody can. */
  follow?: (text: string) => void
  /** For tasks that call their endpoint several times; absent where nothing limits them. */
  calls?: EndpointCalls
  /** For work on a response that has come: repeating the call for lack of time would pay for it again. */
  uncounted?: Uncounted
}

/** The rights of one attempt to call its endpoint, one after the other. It begins with the first. */
export interface EndpointCalls {
  /** Waits for the right to make another call. The time that it takes does not count. @throws when it will not come */
  begin(): Promise<void>
  /** A call has ended well. @param ended tokens: null when unknown; retryAfterMs: how long it asks to wait, or null */
  end(ended: { tokens: number | null; retryAfterMs: number | null }): void
}

export type SpanAttributes = Record<string, string | number | string[]>

export type StartSpan = (name: string, attributes: SpanAttributes) => TaskSpan

export interface TaskSpan {
  end(attributes: SpanAttributes, error?: { code: string; message: string }): void
}

export interface TaskResult {
  output: Json
  /** Null when unknown; never 0 for unknown. */
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  /** Of an output that a model made. */
  generation?: Generation | null
  /** How long the endpoint asks to wait before the next call, in milliseconds; null and undefined: not at all. */
  pauseMs?: number | null
  /** In milliseconds, where the call was made elsewhere than its caller measures it. */
  latencyMs?: number
}

/** One call of a task. */
export interface TaskCall extends TaskContext {
  /** In milliseconds. */
  timeoutMs: number
  /** Whether a function gets a process for itself, because one died while it was called; default: no. */
  alone?: boolean
  /** For the log, and for whom it takes turns with. */
  subject?: CallSubject
}

/** What a call has used, whether or not it succeeded. */
export type Spent = Pick<TaskResult, 'costUsd' | 'inputTokens' | 'outputTokens' | 'generation'>

export const nothingSpent: Readonly<Spent> = { costUsd: null, inputTokens: null, outputTokens: null }

/** A task that is ready to run. @throws {TaskError} for every failure that a user can understand. */
export interface Task {
  (item: TaskItem, call: TaskCall): Promise<TaskResult>
  /** Whether it ends within the time limit by itself; otherwise its caller gives up on it. */
  keepsTime?: true
}

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
  'TASK_CRASHED',
  'MODULE_NOT_FOUND',
  'VARIABLE_MISSING',
  'AUTHENTICATION_FAILED',
  'QUOTA_EXHAUSTED',
  'MODEL_NOT_FOUND',
  'NOTHING_SERVED',
  'CONTEXT_LENGTH',
  'CONTENT_FILTERED',
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
  /** Whether the call failed through no fault of its own: it is repeated at once, and is no attempt. */
  readonly excused: boolean
  /** Whether no other item could succeed either, until somebody changes something: the run stops with this message. */
  readonly stopsRun: boolean
  /** What the call has used; null when nothing is known of it. */
  readonly spent: Spent | null

  constructor(
    code: TaskErrorCode | (string & {}),
    message: string,
    options: {
      retryable: boolean
      retryAfterMs?: number | null
      overloaded?: boolean
      excused?: boolean
      stopsRun?: boolean
      spent?: Spent | null
      cause?: unknown
    },
  ) {
    // Callers in JavaScript pass anything, and texts of users' data may be part of it.
    super(replaceUnstorable(messageOf(message)), { cause: options.cause })
    this.name = 'TaskError'
    this.code = replaceUnstorable(String(code))
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs ?? null
    this.overloaded = options.overloaded ?? code === 'RATE_LIMITED'
    this.excused = options.excused ?? false
    this.stopsRun = options.stopsRun ?? false
    this.spent = options.spent ?? null
  }

  /** The same failure of a call that used this. */
  with(spent: Spent): TaskError {
    const { code, message, retryable, retryAfterMs, overloaded, excused, stopsRun, cause } = this
    return new TaskError(code, message, { retryable, retryAfterMs, overloaded, excused, stopsRun, spent, cause })
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
