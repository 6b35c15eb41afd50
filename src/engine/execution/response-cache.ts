import { type CachedResponse, findCachedResponses } from '../../db/sql/response-cache/cached-responses.ts'
import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Services } from '../services.ts'
import type { RunPlan } from './run-plan.ts'

/** An item's entry in the response cache. */
export interface CacheEntry {
  key: string
  /** Of the task, by which entries can be cleared. */
  task: string
  /** The response of an earlier call; null when there is none. */
  response: CachedResponse | null
}

/**
 * Cache entries by ordinal; none for a run that does not use the cache. If the cache cannot be read, the entries have
 * no responses.
 */
export async function findCached(
  { db, log }: Pick<Services, 'db' | 'log'>,
  { runId, projectId, cacheKey, cacheTask: task }: Pick<RunPlan, 'runId' | 'projectId' | 'cacheKey' | 'cacheTask'>,
  items: readonly ClaimedItem[],
): Promise<Map<number, CacheEntry>> {
  if (!cacheKey) return new Map()
  const keys = items.map(cacheKey)
  const found = await findCachedResponses(db.pool, projectId, keys).catch((error) => {
    log.warn({ err: error, runId: encodeGlobalId('Run', runId) }, 'worker: could not read the response cache')
    return new Map<string, CachedResponse>()
  })
  return new Map(
    items.map(({ ordinal }, index) => {
      const key = keys[index] as string
      return [ordinal, { key, task, response: found.get(key) ?? null }]
    }),
  )
}
