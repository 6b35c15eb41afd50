import { setTimeout } from 'node:timers/promises'
import type { Database } from '../db/client.ts'
import {
  fetchPreview,
  type PreviewRequest,
  type PreviewResponse,
  requestPreview,
  withdrawPreview,
} from '../db/sql/preview/previews.ts'

/** How often it is looked whether a worker has answered: often at first, since most calls take little time. */
const pollMs = [10, 20, 40, 80, 160, 250]

/**
 * Has a worker make a call that servers do not make. Null when none has answered in time, or nobody waits for it any more.
 * @param limits waitMs: how long the answer may take, in milliseconds; signal: aborted when nobody waits
 */
export async function askWorker(
  { pool }: Pick<Database, 'pool'>,
  request: PreviewRequest,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<PreviewResponse | null> {
  const id = await requestPreview(pool, request)
  const until = performance.now() + waitMs
  for (let polls = 0; performance.now() < until && !signal.aborted; polls += 1) {
    await setTimeout(pollMs[Math.min(polls, pollMs.length - 1)], undefined, { signal }).catch(() => {})
    const response = await fetchPreview(pool, id)
    if (response !== null) return response
  }
  await withdrawPreview(pool, id)
  return null
}
