import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Evaluation, EvaluationInput } from '../../domain/evaluation.ts'
import { type Deadline, withDeadline } from '../../domain/execution/deadline.ts'
import { FunctionsUnavailableError, type LogIds } from '../../domain/execution/functions.ts'
import { decideRetry } from '../../domain/execution/retry-policy.ts'
import { nothingSpent, type Spent, type StartSpan, TaskError, type TaskResult } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { fitEvaluation, isScore } from '../../domain/score.ts'
import { callTask } from '../../tasks/call.ts'
import type { AttemptTrace, Tracing } from '../../telemetry/tracing.ts'
import { failedWith, succeeded } from './call-outcome.ts'
import type { ItemCalls } from './item-calls.ts'
import { failedScore, type ItemResult, interrupted, scored, withoutResult, withSpent } from './item-result.ts'
import type { LiveTexts } from './live-texts.ts'
import type { CacheEntry } from './response-cache.ts'
import type { PlannedEvaluator, RunPlan } from './run-plan.ts'
import { taskItem } from './task-item.ts'

export interface Execution {
  plan: RunPlan
  item: ClaimedItem
  /** The item's cache entry; null when the run does not use the cache. */
  cached: CacheEntry | null
  /** The right to call; released as soon as the call has ended, before the evaluators start. */
  calls: Pick<ItemCalls, 'begin' | 'end' | 'release' | 'waitedMs'>
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
  const { plan, item, cached, calls, signal, clock, random } = execution
  const { attempts: attempt, excused } = item
  const { recorded } = item
  const ended = { ...withoutResult(item), traceId: recorded ? recorded.traceId : trace.traceId }

  const ids = {
    runId: encodeGlobalId('Run', plan.runId),
    runItemId: encodeGlobalId('RunItem', `${plan.runId}:${item.ordinal}`),
    itemId: encodeGlobalId('DatasetItem', item.itemId),
    attempt,
  }
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
      ids,
    )
    if (signal.aborted) return interrupted(item, used)
    const spent = fromCache ? { ...response, costUsd: 0 } : used
    const byClient = recorded?.scores.map((score) => ({ ...score, ordinal: item.ordinal })) ?? []
    const { evaluatorCostUsd, ...given } = scored([...byClient, ...scores])
    return {
      item: {
        ...{ ...ended, output, latencyMs, ...withSpent(item, spent), status: 'SUCCEEDED' },
        ...{ cached: fromCache, evaluatorCostUsd },
      },
      spent,
      hadCost: item.costUsd !== null,
      ...given,
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

/** The scores of all evaluators that sample the item. An evaluator that fails records its error in place of a score. */
async function evaluate(
  evaluators: readonly PlannedEvaluator[],
  item: ClaimedItem,
  { timeoutMs, signal }: Deadline,
  input: EvaluationInput,
  trace: AttemptTrace,
  ids: LogIds,
): Promise<RecordedScore[]> {
  const scores = await Promise.all(
    evaluators
      .filter((evaluator) => evaluator.samples(item.itemId))
      .map(async ({ versionId, name: own, rules, evaluate }): Promise<RecordedScore[]> => {
        const { ordinal, attempts } = item
        const score = { ordinal, evaluatorVersionId: versionId, rules, error: null }
        try {
          const context = { timeoutMs, signal, ids }
          const evaluations = await trace.evaluator(own, async () =>
            evaluate.keepsTime
              ? evaluate(input, context)
              : withDeadline((signal) => evaluate(input, { ...context, signal }), context),
          )
          return withOwnFailures(evaluations, own).map(({ failure, ...evaluation }) => {
            const given = { ...score, ...evaluation, isPinned: evaluation.name === own }
            if (failure !== undefined) {
              const dataType = given.isPinned ? rules.dataType : evaluation.dataType
              return failedScore({ ...given, dataType }, new Error(failure), attempts)
            }
            if (!given.isPinned || !isScore(evaluation)) return given
            try {
              return { ...given, ...fitEvaluation(evaluation, rules) }
            } catch (error) {
              return failedScore({ ...given, dataType: rules.dataType }, error, attempts)
            }
          })
        } catch (error) {
          if (error instanceof FunctionsUnavailableError) throw error
          const costUsd = error instanceof TaskError ? (error.spent?.costUsd ?? null) : null
          return [
            failedScore({ ...score, name: own, dataType: rules.dataType, isPinned: true, costUsd }, error, attempts),
          ]
        }
      }),
  )
  return scores.flat()
}

/**
 * Failures under other names than the evaluator's own as one under that, unless it gives a score there: a failure must not
 * be the first of a series, whose type it does not know.
 */
function withOwnFailures(evaluations: readonly Evaluation[], own: string): Evaluation[] {
  const failed = evaluations.filter(({ failure }) => failure !== undefined)
  const [first] = failed
  if (!first || evaluations.some(({ name, failure }) => name === own && failure === undefined)) return [...evaluations]
  const known = failed.flatMap(({ costUsd }) => costUsd ?? [])
  return [
    ...evaluations.filter(({ failure }) => failure === undefined),
    {
      ...first,
      name: own,
      costUsd: known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0),
      failure: failed.map(({ name, failure }) => (name === own ? failure : `"${name}": ${failure}`)).join(' '),
    },
  ]
}
