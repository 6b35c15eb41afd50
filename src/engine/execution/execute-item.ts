import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { Clock } from '../../domain/clock.ts'
import { type CallSubject, subjectOf } from '../../domain/execution/call-subject.ts'
import { FunctionsUnavailableError } from '../../domain/execution/functions.ts'
import type { RecordedResponse } from '../../domain/execution/recorded-response.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { nothingSpent, type Spent, TaskError, type TaskResult } from '../../domain/execution/task.ts'
import { callTask } from '../../tasks/call-task.ts'
import type { AttemptTrace, Tracing } from '../../telemetry/tracing.ts'
import type { EvaluatorRights } from './call-evaluator.ts'
import { failedWith, succeeded } from './call-outcome.ts'
import { evaluateItem, type ItemEvaluations } from './evaluate-item.ts'
import type { ItemCalls } from './item-calls.ts'
import {
  type EvaluationResult,
  type ItemResult,
  interrupted,
  plus,
  scored,
  scoresAmong,
  withoutResult,
  withSpent,
} from './item-result.ts'
import type { LiveTexts } from './live-texts.ts'
import type { CacheEntry } from './response-cache.ts'
import type { RunPlan } from './run-plan.ts'
import { taskItem } from './task-item.ts'

export interface Execution {
  plan: RunPlan
  item: ClaimedItem
  /** The item's cache entry; null when the run does not use the cache. */
  cached: CacheEntry | null
  /** The right to call; released as soon as the call has ended, before the evaluators start. */
  calls: Pick<ItemCalls, 'begin' | 'end' | 'release' | 'finish' | 'waitedMs'>
  /** The rights of evaluators to call their endpoints. */
  rightsOf: (endpoint: string) => EvaluatorRights
  /** Aborted with an Interruption. */
  signal: AbortSignal
  texts: Pick<LiveTexts, 'begin'>
  tracing: Tracing
  clock: Clock
  random: () => number
}

/** An attempt at an item: its result, and the ends of evaluations that it did not wait for. None of them rejects. */
export interface Attempt {
  result: ItemResult
  later: readonly Promise<EvaluationResult>[]
}

/** An attempt that has begun. */
interface Begun {
  execution: Execution
  subject: CallSubject
  trace: AttemptTrace
  startedAt: number
  /** By this call; what a client recorded and what is cached were counted by the calls that made them. */
  used: Spent
}

/**
 * Makes one attempt at one item: the task under its timeout, then every evaluator; only the evaluators, if a client has
 * executed the task. Never rejects: every failure becomes a result. An interrupted attempt requeues the item and does
 * not count towards `maxAttempts`; once the task has returned, only evaluations are left.
 *
 * What an asynchronous function holds is allocated for every item, so that this one only has what it waits for.
 */
export async function executeItem(execution: Execution): Promise<Attempt> {
  const begun = begin(execution)
  let ended: Attempt
  try {
    const response = responded(begun, await call(begun))
    const evaluations = evaluate(begun, response)
    ended = succeededWith(begun, response, evaluations instanceof Promise ? await evaluations : evaluations)
  } catch (thrown) {
    ended = { result: failedWithError(begun, thrown), later: [] }
  }
  endTrace(begun.trace, ended)
  return ended
}

function begin(execution: Execution): Begun {
  const { plan, item, tracing, clock } = execution
  const { ordinal, itemId, repetition, attempts: attempt } = item
  const trace = tracing.begin({ runId: plan.runId, ordinal, itemId, repetition, attempt })
  return {
    execution,
    subject: subjectOf(plan.runId, item, attempt),
    trace,
    startedAt: clock.now(),
    used: nothingSpent,
  }
}

function endTrace(trace: AttemptTrace, { result, later }: Attempt): void {
  const end = () => trace.end(result.item.status, result.item.error)
  if (later.length > 0) void Promise.all(later).then(end)
  else end()
}

type Called = TaskResult | CachedResponse | RecordedResponse

function call({ execution, trace, subject }: Begun): Called | Promise<Called> {
  const { plan, item, cached, calls, signal } = execution
  const { timeoutMs } = plan.settings
  const { crashed: alone } = item
  const known = item.recorded ?? cached?.response
  if (known) return known
  return trace.call((traceparent, span) =>
    followed(execution, (follow) =>
      callTask(plan.task, taskItem(item), { timeoutMs, signal, traceparent, span, follow, calls, alone, subject }),
    ),
  )
}

function responded(begun: Begun, called: Called): CachedResponse {
  const { item, calls, cached } = begun.execution
  calls.release(succeeded(called))
  const { output, costUsd, inputTokens, outputTokens, generation = null }: TaskResult = called
  const { latencyMs } = { latencyMs: elapsedMs(begun), ...called }
  const response: CachedResponse = { output, latencyMs, costUsd, inputTokens, outputTokens, generation }
  if (!item.recorded && !cached?.response) begun.used = response
  return response
}

function elapsedMs({ execution: { clock, calls }, startedAt }: Begun): number {
  return clock.now() - startedAt - calls.waitedMs
}

function evaluate(
  { execution, trace, subject }: Begun,
  response: CachedResponse,
): ItemEvaluations | Promise<ItemEvaluations> {
  const { plan, item, calls, signal, rightsOf, random, clock } = execution
  // Evaluators take slots of their own for what they call.
  if (plan.evaluators.some(({ endpoint }) => endpoint !== null)) calls.finish()
  const { ordinal, itemId, lease, attempts: attempt, input, expectedOutput, metadata } = item
  const { output, latencyMs, costUsd } = response
  return evaluateItem(
    plan.evaluators,
    { ordinal, itemId, lease, attempt, input: { input, output, expectedOutput, metadata, latencyMs, costUsd } },
    { signal, trace, rightsOf, subject, random, clock },
  )
}

function succeededWith(
  { execution: { item, cached }, trace, used }: Begun,
  response: CachedResponse,
  { scores, costUsd, open, later }: ItemEvaluations,
): Attempt {
  const { recorded, ordinal } = item
  const fromCache = cached?.response != null
  const spent = fromCache ? { ...response, costUsd: 0 } : used
  const byClient = scored(recorded?.scores.map((score) => ({ ...score, ordinal })) ?? [])
  const result: ItemResult = {
    item: {
      ...withoutResult(item),
      status: 'SUCCEEDED',
      traceId: recorded ? recorded.traceId : trace.traceId,
      output: response.output,
      latencyMs: response.latencyMs,
      ...withSpent(item, spent),
      cached: fromCache,
      evaluatorCostUsd: plus(byClient.evaluatorCostUsd, costUsd),
    },
    spent,
    hadCost: item.costUsd !== null,
    scores: [...byClient.scores, ...scoresAmong(scores)],
  }
  if (open.length > 0) result.open = open
  if (cached && !fromCache) result.response = { ...response, key: cached.key, task: cached.task }
  return { result, later }
}

function failedWithError(begun: Begun, thrown: unknown): ItemResult {
  const { plan, item, calls, signal, random } = begun.execution
  const { attempts: attempt, excused, recorded } = item
  if (signal.aborted) return interrupted(item, begun.used)
  if (thrown instanceof FunctionsUnavailableError) return interrupted(item, thrown.spent ?? begun.used)
  const failure =
    thrown instanceof TaskError ? thrown : new TaskError('TASK_FAILED', String(thrown), { retryable: false })
  calls.release(failedWith(failure))
  const { code, message, retryable, stopsRun } = failure
  const spent = failure.spent ?? nothingSpent
  const failed = {
    ...withoutResult(item),
    ...withSpent(item, spent),
    traceId: recorded ? recorded.traceId : begun.trace.traceId,
    error: { code, message, retryable, attempt },
    latencyMs: elapsedMs(begun),
  }
  const rest = { spent, hadCost: item.costUsd !== null, scores: [] }
  if (stopsRun) {
    return { item: { ...failed, status: 'QUEUED', excused: excused + 1 }, ...rest, stop: message }
  }
  const retry = decideRetry(failure, { attempts: attempt, excused }, plan.settings.maxAttempts, random)
  if (!retry) return { item: { ...failed, status: 'FAILED' }, ...rest }
  const { delayMs, spendsAttempt } = retry
  return {
    item: { ...failed, status: 'QUEUED', excused: spendsAttempt ? excused : excused + 1, delayMs },
    ...rest,
  }
}

/** Lets those who watch the item follow what a model writes. */
function followed<T>(execution: Execution, call: (follow?: (text: string) => void) => Promise<T>): Promise<T> {
  return execution.plan.canBeFollowed ? following(execution, call) : call()
}

async function following<T>(
  { plan, item, texts }: Execution,
  call: (follow: (text: string) => void) => Promise<T>,
): Promise<T> {
  const live = texts.begin(plan.runId, item.ordinal, item.attempts)
  try {
    return await call(live.append)
  } finally {
    await live.end()
  }
}
