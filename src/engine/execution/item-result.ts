import type { CachedResponse } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { RecordedItem } from '../../db/sql/run-item/record-results.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'

/** How one claim of an item ended; with its scores if it succeeded. */
export interface ItemResult {
  item: RecordedItem
  scores: RecordedScore[]
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
  }
}

/** Requeues an item whose call did not begin. */
export function released(item: ClaimedItem): ItemResult {
  return { item: { ...withoutResult(item), attempts: item.attempts - 1, status: 'QUEUED' }, scores: [] }
}

/** Requeues an item whose call was interrupted, which does not count towards `maxAttempts`. */
export function interrupted(item: ClaimedItem): ItemResult {
  return { item: { ...withoutResult(item), excused: item.excused + 1, status: 'QUEUED' }, scores: [] }
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
