import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { Clock } from '../../domain/clock.ts'
import { messageOf } from '../../domain/errors.ts'
import type { EvaluationInput } from '../../domain/evaluation.ts'
import { type Deadline, withDeadline } from '../../domain/execution/deadline.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { type Spent, type StartSpan, TaskError, type TaskItem, type TaskResult } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { callTask } from '../../tasks/call.ts'
import type { AttemptTrace, Tracing } from '../../telemetry/tracing.ts'
import type { CallOutcome, Permit } from '../limits/permit.ts'
import { type ItemResult, interrupted, withoutResult } from './item-result.ts'
import type { LiveTexts } from './live-texts.ts'
import type { CacheEntry } from './response-cache.ts'
import type { PlannedEvaluator, RunPlan } from './run-plan.ts'

export interface Execution {
  plan: RunPlan
  item: ClaimedItem
  /** The item's cache entry; null when the run does not use the cache. */
  cached: CacheEntry | null
  /** The right to call; released as soon as the call has ended, before the evaluators start. */
  permit: Permit
  /** Aborted with an Interruption. */
  signal: AbortSignal
  texts: Pick<LiveTexts, 'begin'>
  tracing: Tracing
  clock: Clock
  random: () => number
}

/**
 * Makes one attempt at one item: the task under its timeout, then every evaluator; only the evaluators, if a client has
 * executed the task. Never rejects: every failure becomes a result. An interrupted attempt requeues the item and does
 * not count towards `maxAttempts`.
 */
export async function executeItem(execution: Execution): Promise<ItemResult> {
  const { plan, item, tracing } = execution
  const { ordinal, itemId, repetition, attempts: attempt } = item
  const trace = tracing.begin({ runId: plan.runId, ordinal, itemId, repetition, attempt })
  const result = await attemptItem(execution, trace)
  trace.end(result.item.status, result.item.error)
  return result
}

async function attemptItem(execution: Execution, trace: AttemptTrace): Promise<ItemResult> {
  const { plan, item, cached, permit, signal, clock, random } = execution
  const { attempts: attempt, excused } = item
  const { recorded } = item
  const ended = { ...withoutResult(item), traceId: recorded ? recorded.traceId : trace.traceId }

  const startedAt = clock.now()
  try {
    const { timeoutMs } = plan.settings
    const call = (traceparent: string, span?: StartSpan) =>
      followed(execution, (follow) =>
        callTask(plan.task, taskItem(item), { timeoutMs, signal, traceparent, span, follow }),
      )
    const called = recorded ?? cached?.response ?? (await trace.call(call))
    permit.release(succeeded(called))
    const { output, costUsd, inputTokens, outputTokens, generation = null }: TaskResult = called
    const { latencyMs } = { latencyMs: clock.now() - startedAt, ...called }
    const response: CachedResponse = { output, latencyMs, costUsd, inputTokens, outputTokens, generation }
    const { input, expectedOutput, metadata } = item
    const scores = await evaluate(
      plan.evaluators,
      item,
      { timeoutMs, signal },
      {
        input,
        output,
        expectedOutput,
        metadata,
        latencyMs,
        costUsd,
      },
      trace,
    )
    if (signal.aborted) return interrupted(item)
    const fromCache = cached?.response != null
    return {
      item: { ...ended, ...response, status: 'SUCCEEDED', cached: fromCache },
      scores: recorded ? [...recorded.scores.map((score) => ({ ...score, ordinal: item.ordinal })), ...scores] : scores,
      ...(recorded && { counted: true }),
      ...(cached && !fromCache && { response: { ...response, key: cached.key } }),
    }
  } catch (thrown) {
    if (signal.aborted) return interrupted(item)
    const failure =
      thrown instanceof TaskError ? thrown : new TaskError('TASK_FAILED', String(thrown), { retryable: false })
    permit.release(failedWith(failure))
    const { code, message, retryable, stopsRun, spent } = failure
    const error = { code, message, retryable, attempt }
    const failed = { ...ended, ...spent, error, latencyMs: clock.now() - startedAt }
    if (stopsRun) {
      return { item: { ...failed, status: 'QUEUED', excused: excused + 1 }, scores: [], stop: message }
    }
    const retry = decideRetry(failure, { attempts: attempt, excused }, plan.settings.maxAttempts, random)
    if (!retry) return { item: { ...failed, status: 'FAILED' }, scores: [] }
    const { delayMs, spendsAttempt } = retry
    return {
      item: { ...failed, status: 'QUEUED', excused: spendsAttempt ? excused : excused + 1, delayMs },
      scores: [],
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

function succeeded(result: TaskResult): CallOutcome {
  return { kind: 'OK', retryAfterMs: result.pauseMs ?? null, tokens: tokensOf(result) }
}

function failedWith({ overloaded, retryAfterMs, spent }: TaskError): CallOutcome {
  return { kind: overloaded ? 'OVERLOADED' : 'FAILED', retryAfterMs, tokens: spent && tokensOf(spent) }
}

function tokensOf({ inputTokens, outputTokens }: Spent): number | null {
  return inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0)
}

function taskItem(item: ClaimedItem): TaskItem {
  const { itemId, key, input, expectedOutput, metadata, tags, repetition, attempts: attempt } = item
  return { id: encodeGlobalId('DatasetItem', itemId), key, input, expectedOutput, metadata, tags, repetition, attempt }
}

/** The scores of all evaluators that sample the item. An evaluator that fails records its error in place of a score. */
async function evaluate(
  evaluators: readonly PlannedEvaluator[],
  item: ClaimedItem,
  { timeoutMs, signal }: Deadline,
  input: EvaluationInput,
  trace: AttemptTrace,
): Promise<RecordedScore[]> {
  const scores = await Promise.all(
    evaluators
      .filter((evaluator) => evaluator.samples(item.itemId))
      .map(async ({ versionId, name, dataType, direction, evaluate }): Promise<RecordedScore[]> => {
        const score = { ordinal: item.ordinal, evaluatorVersionId: versionId, direction }
        try {
          const evaluations = await trace.evaluator(name, () =>
            withDeadline((signal) => evaluate(input, { signal }), { timeoutMs, signal }),
          )
          return evaluations.map((evaluation) => ({ ...score, ...evaluation, error: null }))
        } catch (error) {
          return [
            {
              ...score,
              name,
              dataType,
              value: null,
              label: null,
              comment: null,
              metadata: null,
              error: { code: 'EVALUATOR_FAILED', message: messageOf(error), retryable: false, attempt: item.attempts },
            },
          ]
        }
      }),
  )
  return scores.flat()
}
