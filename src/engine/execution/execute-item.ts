import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { Clock } from '../../domain/clock.ts'
import { FunctionsUnavailableError } from '../../domain/execution/functions.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { nothingSpent, type Spent, type StartSpan, TaskError, type TaskResult } from '../../domain/execution/task.ts'
import { callTask } from '../../tasks/call.ts'
import type { AttemptTrace, Tracing } from '../../telemetry/tracing.ts'
import type { EvaluatorRights } from './call-evaluator.ts'
import { failedWith, succeeded } from './call-outcome.ts'
import { evaluateItem, logIds } from './evaluate-item.ts'
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

/**
 * Makes one attempt at one item: the task under its timeout, then every evaluator; only the evaluators, if a client has
 * executed the task. Never rejects: every failure becomes a result. An interrupted attempt requeues the item and does
 * not count towards `maxAttempts`; once the task has returned, only evaluations are left.
 */
export async function executeItem(execution: Execution): Promise<Attempt> {
  const { plan, item, tracing } = execution
  const { ordinal, itemId, repetition, attempts: attempt } = item
  const trace = tracing.begin({ runId: plan.runId, ordinal, itemId, repetition, attempt })
  const later: Promise<EvaluationResult>[] = []
  const result = await attemptItem(execution, trace, later)
  const end = () => trace.end(result.item.status, result.item.error)
  if (later.length > 0) void Promise.all(later).then(end)
  else end()
  return { result, later }
}

/** @param later gets the ends of evaluations that the result does not wait for */
async function attemptItem(
  execution: Execution,
  trace: AttemptTrace,
  later: Promise<EvaluationResult>[],
): Promise<ItemResult> {
  const { plan, item, cached, calls, signal, clock, random } = execution
  const { attempts: attempt, excused } = item
  const { recorded } = item
  const ended = { ...withoutResult(item), traceId: recorded ? recorded.traceId : trace.traceId }

  const ids = logIds(plan.runId, item, attempt)
  const startedAt = clock.now()
  const elapsedMs = () => clock.now() - startedAt - calls.waitedMs
  /** By this call; what a client recorded and what is cached were counted by the calls that made them. */
  let used: Spent = nothingSpent
  try {
    const { timeoutMs } = plan.settings
    const { crashed: alone } = item
    const call = (traceparent: string, span?: StartSpan) =>
      followed(execution, (follow) =>
        callTask(plan.task, taskItem(item), { timeoutMs, signal, traceparent, span, follow, calls, alone, ids }),
      )
    const called = recorded ?? cached?.response ?? (await trace.call(call))
    calls.release(succeeded(called))
    const { output, costUsd, inputTokens, outputTokens, generation = null }: TaskResult = called
    const { latencyMs } = { latencyMs: elapsedMs(), ...called }
    const response: CachedResponse = { output, latencyMs, costUsd, inputTokens, outputTokens, generation }
    const fromCache = cached?.response != null
    if (!recorded && !fromCache) used = response
    const { ordinal, itemId, lease, input, expectedOutput, metadata } = item
    // Evaluators take slots of their own for what they call.
    if (plan.evaluators.some(({ endpoint }) => endpoint !== null)) calls.finish()
    const evaluations = await evaluateItem(
      plan.evaluators,
      {
        ...{ ordinal, itemId, lease, attempt },
        input: { input, output, expectedOutput, metadata, latencyMs, costUsd },
      },
      { signal, trace, rightsOf: execution.rightsOf, ids, random, clock },
    )
    later.push(...evaluations.later)
    const spent = fromCache ? { ...response, costUsd: 0 } : used
    const byClient = scored(recorded?.scores.map((score) => ({ ...score, ordinal })) ?? [])
    const evaluatorCostUsd = plus(byClient.evaluatorCostUsd, evaluations.costUsd)
    const { open } = evaluations
    return {
      item: {
        ...{ ...ended, output, latencyMs, ...withSpent(item, spent), status: 'SUCCEEDED' },
        ...{ cached: fromCache, evaluatorCostUsd },
      },
      spent,
      hadCost: item.costUsd !== null,
      scores: [...byClient.scores, ...scoresAmong(evaluations.scores)],
      ...(open.length > 0 && { open }),
      ...(cached && !fromCache && { response: { ...response, key: cached.key, task: cached.task } }),
    }
  } catch (thrown) {
    if (signal.aborted) return interrupted(item, used)
    if (thrown instanceof FunctionsUnavailableError) return interrupted(item, thrown.spent ?? used)
    const failure =
      thrown instanceof TaskError ? thrown : new TaskError('TASK_FAILED', String(thrown), { retryable: false })
    calls.release(failedWith(failure))
    const { code, message, retryable, stopsRun } = failure
    const spent = failure.spent ?? nothingSpent
    const error = { code, message, retryable, attempt }
    const failed = { ...ended, ...withSpent(item, spent), error, latencyMs: elapsedMs() }
    const call = { spent, hadCost: item.costUsd !== null, scores: [] }
    if (stopsRun) {
      return { item: { ...failed, status: 'QUEUED', excused: excused + 1 }, ...call, stop: message }
    }
    const retry = decideRetry(failure, { attempts: attempt, excused }, plan.settings.maxAttempts, random)
    if (!retry) return { item: { ...failed, status: 'FAILED' }, ...call }
    const { delayMs, spendsAttempt } = retry
    return {
      item: { ...failed, status: 'QUEUED', excused: spendsAttempt ? excused : excused + 1, delayMs },
      ...call,
    }
  }
}

/** Lets those who watch the item follow what a model writes. */
async function followed<T>(
  { plan, item, texts }: Execution,
  call: (follow?: (text: string) => void) => Promise<T>,
): Promise<T> {
  if (!plan.canBeFollowed) return call()
  const live = texts.begin(plan.runId, item.ordinal, item.attempts)
  try {
    return await call(live.append)
  } finally {
    await live.end()
  }
}
