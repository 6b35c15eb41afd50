import { type CachedResponse, findCachedResponses } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { Services } from '../services.ts'
import type { RunPlan } from './run-plan.ts'

/** Responses of earlier calls by ordinal. A cache that does not answer is no reason to fail: then there are none. */
export async function findCached(
  { db, log }: Services,
  { runId, cacheKey }: RunPlan,
  items: readonly ClaimedItem[],
): Promise<Map<number, CachedResponse>> {
  const keys = new Map(items.map((item) => [item.ordinal, cacheKey?.(item) ?? '']))
  try {
    const found = await findCachedResponses(db.pool, runId, [...keys.values()])
    return new Map(
      [...keys].flatMap(([ordinal, key]) => {
        const response = found.get(key)
        return response ? [[ordinal, response] as const] : []
      }),
    )
  } catch (error) {
    log.warn({ err: error, runId }, 'worker: could not read the response cache')
    return new Map()
  }
}
