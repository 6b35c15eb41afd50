/** One attempt at one item: the task under its time limit, then the evaluators. */
import { replaceUnstorable } from '../../domain/json/storable.ts'
import { NotJsonError, toJson } from '../../domain/json/to-json.ts'
import { messageOf } from '../errors.ts'
import { partsOf } from '../result-parts.ts'
import { withDeadline } from './deadline.ts'
import { Evaluators, type Judged } from './evaluations.ts'
import type {
  CompositeEvaluator,
  Evaluation,
  Evaluator,
  EvaluatorArgs,
  ItemResult,
  RunOptions,
  Task,
  TaskItem,
} from './types.ts'

/** How an attempt ended. */
export interface Attempt {
  traceId: string
  latencyMs: number
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  /** Null when the task returned. */
  failure: Failure | null
  /** As the task returned it, and as JSON. */
  output: unknown
  json: unknown
  judged: Judged[]
}

export interface Failure {
  code: string
  message: string
  retryable: boolean
  retryAfterMs: number | null
}

type CompositeArgs = EvaluatorArgs & { evaluations: Evaluation[] }

/** The functions of an experiment, ready to be called for any item. */
export class Attempts {
  readonly evaluators: Evaluators<EvaluatorArgs>
  readonly composite: Evaluators<CompositeArgs>
  readonly #task: Task
  readonly #timeoutMs: number

  constructor({
    task,
    evaluators = [],
    compositeEvaluator,
    timeoutMs = 60_000,
  }: Pick<RunOptions, 'task' | 'evaluators' | 'compositeEvaluator' | 'timeoutMs'>) {
    this.#task = task
    this.#timeoutMs = timeoutMs
    this.evaluators = new Evaluators<EvaluatorArgs>(evaluators as readonly Evaluator[], 'evaluator')
    const composite = compositeEvaluator ? [compositeEvaluator as CompositeEvaluator] : []
    this.composite = new Evaluators<CompositeArgs>(composite, 'composite')
  }

  /** @throws only `signal.reason`, once it has aborted */
  async attempt(
    item: TaskItem,
    { repetition, attempt }: { repetition: number; attempt: number },
    signal: AbortSignal,
  ): Promise<Attempt> {
    const traceId = hex(16)
    const traceparent = `00-${traceId}-${hex(8)}-01`
    const startedAt = performance.now()
    const ended = { traceId, costUsd: null, inputTokens: null, outputTokens: null, output: undefined, json: null }
    try {
      const call = (signal: AbortSignal) => this.#task(item, { signal, repetition, attempt, traceId, traceparent })
      const returned = await withDeadline<unknown>(call, this.#timeoutMs, signal)
      const latencyMs = performance.now() - startedAt
      const parts = partsOf(returned)
      const json = toJson(parts.output)
      const { output, costUsd = null, inputTokens = null, outputTokens = null } = parts
      const judged = await this.#judge(item, output, signal)
      return { traceId, latencyMs, costUsd, inputTokens, outputTokens, output, json, judged, failure: null }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      return { ...ended, latencyMs: performance.now() - startedAt, judged: [], failure: failureOf(error) }
    }
  }

  async #judge({ input, expectedOutput, metadata }: TaskItem, output: unknown, signal: AbortSignal): Promise<Judged[]> {
    const args: EvaluatorArgs = { input, output, expectedOutput, expected: expectedOutput, metadata }
    const judged = await this.evaluators.judge(args, signal)
    if (this.composite.functions.length === 0) return judged
    const evaluations = judged.flatMap(({ evaluation }) => evaluation ?? [])
    const taken = judged.map(({ name }) => name)
    const combined = await this.composite.judge({ ...args, evaluations }, signal, taken)
    return [...judged, ...combined.map((one) => ({ ...one, by: one.by + this.evaluators.functions.length }))]
  }
}

/** An attempt as the result of its item. */
export function itemResult(
  item: TaskItem,
  attempt: Attempt,
  about: { repetition: number; attempts: number; runItemId: string | null },
): ItemResult {
  const { failure, judged, output, latencyMs, costUsd, traceId } = attempt
  return {
    item,
    input: item.input,
    ...(item.expectedOutput !== undefined && { expectedOutput: item.expectedOutput }),
    status: failure ? 'FAILED' : 'SUCCEEDED',
    output: failure ? undefined : output,
    error: failure && { code: failure.code, message: failure.message },
    // A copy has no room to grow, which would be a tenth of what a large run keeps in memory.
    evaluations: judged.flatMap(({ evaluation }) => evaluation ?? []).slice(),
    evaluatorErrors: judged.flatMap(({ name, error }) => (error === null ? [] : [{ name, message: error }])),
    latencyMs,
    costUsd,
    traceId,
    ...about,
  }
}

/** The result of an item whose result could not be recorded as it was. */
export function asFailed(result: ItemResult, { code, message }: { code?: string | null; message: string }): ItemResult {
  const error = { code: code ?? 'TASK_FAILED', message }
  return { ...result, status: 'FAILED', output: undefined, error, evaluations: [], evaluatorErrors: [] }
}

const maxMessageLength = 2_000
const httpRetryable = new Set([408, 429, 500, 502, 503, 504, 529])

/**
 * Any thrown value as a failure. Another attempt is made after a time-out, and for errors that say so: `retryable`, or
 * `isRetryable` as those of the AI SDK, or an HTTP `status` or `statusCode` that is known to pass.
 */
function failureOf(thrown: unknown): Failure {
  const message = replaceUnstorable(messageOf(thrown).slice(0, maxMessageLength))
  if (thrown instanceof NotJsonError) {
    return {
      code: 'INVALID_OUTPUT',
      message: `Expected JSON as the output, but ${message}.`,
      retryable: false,
      retryAfterMs: null,
    }
  }
  const { code, name, retryable, isRetryable, status, statusCode, retryAfterMs } = (
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  ) as Record<string, unknown>
  const timedOut = thrown instanceof Error && name === 'TimeoutError'
  const passes = [retryable, isRetryable].find((said) => typeof said === 'boolean')
  const http = [status, statusCode].find((one) => typeof one === 'number')
  return {
    code: timedOut
      ? 'TIMEOUT'
      : typeof code === 'string' && code !== ''
        ? replaceUnstorable(code.slice(0, 100))
        : codeOfStatus(http),
    message: message || 'The task failed without a message.',
    retryable: passes === undefined ? timedOut || httpRetryable.has(http as number) : passes === true,
    retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : null,
  }
}

function codeOfStatus(status: unknown): string {
  return status === 429 ? 'RATE_LIMITED' : 'TASK_FAILED'
}

function hex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
