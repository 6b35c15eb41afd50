import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RecordedItem } from '../../db/sql/run-item/record-results.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { RecordedResponse } from '../../domain/execution/recorded-response.ts'

/** How one claim of an item ended; with its scores if it succeeded. */
export interface ItemResult {
  item: RecordedItem
  scores: RecordedScore[]
  /** Its cost and tokens are in the run already: they were counted when a client recorded its response. */
  counted?: true
  /** The response to cache, in runs that use the cache. */
  response?: CachedResponse & { key: string }
  /** Why no other item could succeed either; the item is requeued, and the run stops with this. */
  stop?: string
}

/** The record of a claim without a result. */
export function withoutResult({
  ordinal,
  lease,
  attempts,
  excused,
}: Pick<ClaimedItem, 'ordinal' | 'lease' | 'attempts' | 'excused'>): Omit<RecordedItem, 'status'> {
  return {
    ordinal,
    lease,
    output: null,
    error: null,
    attempts,
    excused,
    latencyMs: null,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
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
  return { item: { ...withoutResult(item), attempts: item.attempts - 1, status: 'QUEUED' }, scores: [] }
}

/** Requeues an item whose call was interrupted, which does not count towards `maxAttempts`. */
export function interrupted(item: ClaimedItem): ItemResult {
  if (item.recorded) return unscored(item, item.recorded)
  return { item: { ...withoutResult(item), excused: item.excused + 1, status: 'QUEUED' }, scores: [] }
}

/** Requeues an item that a client has executed, for the evaluators of the server. */
export function unscored(
  item: Pick<ClaimedItem, 'ordinal' | 'lease' | 'attempts' | 'excused'>,
  recorded: RecordedResponse,
): ItemResult {
  return { item: { ...withoutResult(item), status: 'QUEUED', recorded }, scores: [] }
}

/** Replaces a result that the database refuses. */
export function unstorable({ item }: ItemResult, error: Error): ItemResult {
  const { traceId, latencyMs, attempts } = item
  const message = `The result could not be stored: ${error.message}`
  return {
    item: {
      ...withoutResult(item),
      traceId,
      latencyMs,
      status: 'FAILED',
      error: { code: 'UNSTORABLE_RESULT', message, retryable: false, attempt: attempts },
    },
    scores: [],
  }
}

/** The number of failed attempts that will be retried. */
export function countRetries(results: readonly ItemResult[]): number {
  return results.filter(({ item }) => item.status === 'QUEUED' && item.error !== null).length
}
