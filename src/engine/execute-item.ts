import { randomBytes } from 'node:crypto'
import type { CachedResponse } from '../db/sql/cached-responses.ts'
import type { ClaimedItem } from '../db/sql/claim-items.ts'
import type { RecordedItem } from '../db/sql/record-results.ts'
import type { RecordedScore } from '../db/sql/record-scores.ts'
import { type Deadline, withDeadline } from '../domain/deadline.ts'
import type { EvaluationInput } from '../domain/evaluation.ts'
import { retryAfter } from '../domain/retry-policy.ts'
import { TaskError, type TaskResult } from '../domain/task.ts'
import { callTask } from '../tasks/call.ts'
import type { CallOutcome, Permit } from './limits/permit.ts'
import type { PlannedEvaluator, RunPlan } from './run-plan.ts'
import type { ItemResult } from './run-tally.ts'

export interface Execution {
  plan: RunPlan
  item: ClaimedItem
  /** What the cache knows of it. */
  cached: CachedResponse | null
  /** The right to call; released as soon as the call has ended, before the evaluators begin. */
  permit: Permit
  /** Aborted with an Interruption. */
  signal: AbortSignal
  now: () => number
  random: () => number
}

/**
 * One attempt of one item: the task under its time limit, then every evaluator. Never rejects: whatever happens
 * becomes a result. An interrupted attempt goes back to the queue and counts as none.
 */
export async function executeItem(execution: Execution): Promise<ItemResult> {
  const { plan, item, cached, permit, signal, now, random } = execution
  const attempt = item.attempts + 1
  const traceId = randomBytes(16).toString('hex')
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`
  const ended = { ...unstarted(item), attempts: attempt, traceId }

  const startedAt = performance.now()
  try {
    const { timeoutMs } = plan.settings
    const called = cached ?? (await callTask(plan.task, taskItem(item, attempt), { timeoutMs, signal, traceparent }))
    permit.release(succeeded(called))
    const response: CachedResponse = { latencyMs: performance.now() - startedAt, ...called }
    const { output, latencyMs, costUsd } = response
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
    )
    if (signal.aborted) return released(item, now)
    const key = cached ? null : plan.cacheKey?.(item)
    return {
      item: { ...ended, ...response, status: 'SUCCEEDED', cached: cached !== null, finishedAt: new Date(now()) },
      scores,
      ...(key && { response: { ...response, key } }),
    }
  } catch (error) {
    if (signal.aborted) return released(item, now)
    const failure =
      error instanceof TaskError ? error : new TaskError('TASK_FAILED', String(error), { retryable: false })
    permit.release(failedWith(failure))
    const { code, message, retryable } = failure
    const failed = { ...ended, error: { code, message, retryable }, latencyMs: performance.now() - startedAt }
    const retry = retryAfter(failure, attempt, plan.settings.maxAttempts, random)
    if (!retry) return { item: { ...failed, status: 'FAILED', finishedAt: new Date(now()) }, scores: [] }
    const attempts = retry.spendsAttempt ? attempt : item.attempts
    return { item: { ...failed, status: 'QUEUED', attempts, availableAt: new Date(now() + retry.delayMs) }, scores: [] }
  }
}

function succeeded({ inputTokens, outputTokens }: Pick<TaskResult, 'inputTokens' | 'outputTokens'>): CallOutcome {
  const known = inputTokens !== null || outputTokens !== null
  return { kind: 'OK', retryAfterMs: null, tokens: known ? (inputTokens ?? 0) + (outputTokens ?? 0) : null }
}

function failedWith({ overloaded, retryAfterMs }: TaskError): CallOutcome {
  return { kind: overloaded ? 'OVERLOADED' : 'FAILED', retryAfterMs, tokens: null }
}

/** Gives a claim back unchanged. */
export function released(item: ClaimedItem, now: () => number): ItemResult {
  return { item: { ...unstarted(item), status: 'QUEUED', availableAt: new Date(now()) }, scores: [] }
}

/** The record of a claim that nothing happened to yet. */
export function unstarted({
  ordinal,
  lease,
  attempts,
}: Pick<ClaimedItem, 'ordinal' | 'lease' | 'attempts'>): Omit<RecordedItem, 'status'> {
  return {
    ordinal,
    lease,
    output: null,
    error: null,
    attempts,
    latencyMs: null,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
    evaluatorCostUsd: null,
    cached: false,
    traceId: null,
    availableAt: null,
    finishedAt: null,
  }
}

function taskItem(item: ClaimedItem, attempt: number) {
  const { key, input, expectedOutput, metadata, tags, repetition } = item
  return { id: item.itemId, key, input, expectedOutput, metadata, tags, repetition, attempt }
}

/** Scores of all evaluators that look at the item. One that fails leaves its error in place of a score. */
async function evaluate(
  evaluators: readonly PlannedEvaluator[],
  item: ClaimedItem,
  { timeoutMs, signal }: Deadline,
  input: EvaluationInput,
): Promise<RecordedScore[]> {
  const scores = await Promise.all(
    evaluators
      .filter((evaluator) => evaluator.samples(item.itemId))
      .map(async ({ versionId, name, dataType, direction, evaluate }): Promise<RecordedScore[]> => {
        const score = { ordinal: item.ordinal, evaluatorVersionId: versionId, direction }
        try {
          const evaluations = await withDeadline((signal) => evaluate(input, { signal }), { timeoutMs, signal })
          return evaluations.map((evaluation) => ({ ...score, ...evaluation, error: null }))
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error)
          return [
            {
              ...score,
              name,
              dataType,
              value: null,
              label: null,
              comment: null,
              metadata: null,
              error: { code: 'EVALUATOR_FAILED', message, retryable: false },
            },
          ]
        }
      }),
  )
  return scores.flat()
}
