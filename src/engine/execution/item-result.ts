import type { EndedEvaluation, NewEvaluation } from '../../db/sql/evaluation/claim-evaluations.ts'
import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RecordedItem } from '../../db/sql/run-item/record-results.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Evaluation } from '../../domain/evaluation.ts'
import type { RecordedResponse } from '../../domain/execution/recorded-response.ts'
import { nothingSpent, type Spent, TaskError } from '../../domain/execution/task.ts'
import { replaceUnstorable } from '../../domain/json/storable.ts'
import { isScore } from '../../domain/score.ts'
import type { CacheEntry } from './response-cache.ts'

/** What a lane hands to the recorder. */
export type LedgerResult = ItemResult | EvaluationResult

/** How one claim of an evaluation ended. */
export interface EvaluationResult {
  evaluation: EndedEvaluation
  /** The number of the call that made the output. */
  attempt: number
  /** Among them such that only cost something; empty for one that is to be called again. */
  scores: RecordedScore[]
  /** Of this call; null when unknown. */
  costUsd: number | null
  /** The database has refused its scores, which are errors now. */
  refused?: true
}

export function isEvaluation(result: LedgerResult): result is EvaluationResult {
  return 'evaluation' in result
}

/** How one claim of an item ended; with its scores if it succeeded. */
export interface ItemResult {
  item: RecordedItem
  /** What this call cost, of which the item has the sum over all of its calls. */
  spent: Spent
  /** Whether the cost of an earlier call is known. */
  hadCost: boolean
  scores: RecordedScore[]
  /** Its evaluations that have not been made yet; default: none. */
  open?: readonly NewEvaluation[]
  /** The response to cache, in runs that use the cache. */
  response?: CachedResponse & Pick<CacheEntry, 'key' | 'task'>
  /** Why no other item could succeed either; the item is requeued, and the run stops with this. */
  stop?: string
}

type Claimed = Pick<
  ClaimedItem,
  'ordinal' | 'lease' | 'attempts' | 'excused' | 'costUsd' | 'inputTokens' | 'outputTokens'
>

/** The record of a claim without a result. */
export function withoutResult(claimed: Claimed): Omit<RecordedItem, 'status'> {
  const { ordinal, lease, attempts, excused, costUsd, inputTokens, outputTokens } = claimed
  return {
    ordinal,
    lease,
    output: null,
    error: null,
    attempts,
    excused,
    latencyMs: null,
    inputTokens,
    outputTokens,
    costUsd,
    evaluatorCostUsd: null,
    cached: false,
    traceId: null,
    generation: null,
    delayMs: null,
    recorded: null,
  }
}

/** Requeues an item whose call did not begin. */
export function released(item: ClaimedItem): ItemResult {
  if (item.recorded) return unscored(item, item.recorded)
  return uncalled(item, { ...withoutResult(item), attempts: item.attempts - 1, status: 'QUEUED' })
}

/**
 * Requeues an item whose attempt was interrupted, which does not count towards `maxAttempts`.
 * @param spent by the call, if it had ended
 */
export function interrupted(item: ClaimedItem, spent: Spent = nothingSpent): ItemResult {
  if (item.recorded) return unscored(item, item.recorded)
  const requeued = { ...withoutResult(item), ...withSpent(item, spent), generation: null }
  return { ...uncalled(item, { ...requeued, excused: item.excused + 1, status: 'QUEUED' }), spent }
}

/** Requeues an item that a client has executed, for the evaluators of the server. */
function unscored(item: ClaimedItem, recorded: RecordedResponse): ItemResult {
  return uncalled(item, { ...withoutResult(item), status: 'QUEUED', recorded })
}

function uncalled({ costUsd }: ClaimedItem, item: RecordedItem): ItemResult {
  return { item, spent: nothingSpent, hadCost: costUsd !== null, scores: [] }
}

/** What an item has used with another call; unknown parts add nothing. */
export function withSpent(
  earlier: Pick<ClaimedItem, 'costUsd' | 'inputTokens' | 'outputTokens'>,
  spent: Spent,
): Pick<RecordedItem, 'costUsd' | 'inputTokens' | 'outputTokens' | 'generation'> {
  return {
    costUsd: plus(earlier.costUsd, spent.costUsd),
    inputTokens: plus(earlier.inputTokens, spent.inputTokens),
    outputTokens: plus(earlier.outputTokens, spent.outputTokens),
    generation: spent.generation ?? null,
  }
}

/** The sum of those that are known; null without any. */
export function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b
}

/** Of those that say what they cost; null when none does. */
export function totalCost(evaluations: readonly Pick<Evaluation, 'costUsd'>[]): number | null {
  let sum: number | null = null
  for (const { costUsd } of evaluations) sum = plus(sum, costUsd)
  return sum
}

/** The scores of an execution, and what its evaluators cost, those included that did not apply; null when none says. */
export function scored(given: readonly RecordedScore[]): { scores: RecordedScore[]; evaluatorCostUsd: number | null } {
  return { scores: scoresAmong(given), evaluatorCostUsd: totalCost(given) }
}

/** Without those that only cost something. */
export function scoresAmong(given: readonly RecordedScore[]): RecordedScore[] {
  return given.filter((score) => score.error !== null || isScore(score))
}

/** Replaces a result that the database refuses; what it cost stays. */
export function unstorable({ item, spent, hadCost }: ItemResult, error: Error): ItemResult {
  const { traceId, latencyMs, attempts } = item
  const message = `The result could not be stored: ${error.message}`
  return {
    spent: { ...nothingSpent, costUsd: spent.costUsd },
    hadCost,
    item: {
      ...withoutResult({ ...item, inputTokens: null, outputTokens: null }),
      evaluatorCostUsd: item.evaluatorCostUsd,
      traceId,
      latencyMs,
      status: 'FAILED',
      error: { code: 'UNSTORABLE_RESULT', message, retryable: false, attempt: attempts },
    },
    scores: [],
  }
}

/** Replaces scores that the database refuses by the reason. */
export function unstorableScores(result: EvaluationResult, error: Error): EvaluationResult {
  const reason = new Error(`The score could not be stored: ${error.message}`)
  const scores = scoresAmong(result.scores).map((score) => failedScore(score, reason, result.attempt))
  return { ...result, scores, refused: true }
}

/** What is recorded of an evaluator that failed, or in place of a score that cannot be one. */
export function failedScore(
  score: Pick<RecordedScore, 'ordinal' | 'evaluatorVersionId' | 'name' | 'dataType' | 'rules' | 'isPinned' | 'costUsd'>,
  error: unknown,
  attempt: number,
): RecordedScore {
  return {
    ...score,
    value: null,
    label: null,
    comment: null,
    metadata: null,
    error: {
      code: 'EVALUATOR_FAILED',
      message: replaceUnstorable(messageOf(error)),
      retryable: error instanceof TaskError && error.retryable,
      attempt,
    },
  }
}

/** The number of failed attempts at items that will be retried. */
export function countRetries(results: readonly LedgerResult[]): number {
  return results.filter((result) => !isEvaluation(result) && result.item.status === 'QUEUED' && result.item.error)
    .length
}
