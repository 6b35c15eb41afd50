/**
 * The limits of an endpoint `client:<name>`, the function of clients. No process of ours makes these calls, so they are
 * limited where items are claimed: a claimed item counts as a call until its result is recorded, and gets the time at
 * which it may start.
 */
import type { Queryable } from '../../db/client.ts'
import { type ClientEndpoint, countClientCalls, findClientEndpoint } from '../../db/sql/endpoint/client-limits.ts'
import { lockEndpoint } from '../../db/sql/endpoint/lock-endpoint.ts'
import { readPace, settleTokens, writePace } from '../../db/sql/endpoint/pace.ts'
import { reserveSlots, tokenMs } from '../../domain/limits/pacing.ts'

/** What the limits leave to one claim. */
export interface ClaimAllowance {
  /** Items at most. */
  limit: number
  /** How many items the client may execute at once; Infinity without such a limit. */
  concurrency: number
  /** When to ask again, in milliseconds; null when limits per minute do not delay it. */
  retryAfterMs: number | null
  /** To be called with the number of claimed items. @returns in how many milliseconds each of them may start */
  take(count: number): Promise<number[]>
}

/**
 * What the limits of the run's function leave to a claim of at most `limit` items. The caller holds the run's lock; the
 * endpoint's, which is taken here, is always the later one.
 */
export async function allowClaim(
  client: Queryable,
  { id: runId, projectId }: { id: string; projectId: string },
  limit: number,
): Promise<ClaimAllowance> {
  const found = await findClientEndpoint(client, runId)
  if (!found) return { limit, concurrency: Infinity, retryAfterMs: null, take: async (count) => Array(count).fill(0) }
  const key = { projectId, endpoint: found.endpoint }
  await lockEndpoint(client, key)
  const { free, concurrency } = await freeCalls(client, projectId, found)
  const { pace, now } = await readPace(client, key)
  const asked = Math.min(limit, free)
  const { slots } = reserveSlots(pace, found, now, asked, 0)
  return {
    limit: Math.min(asked, slots.count),
    concurrency,
    retryAfterMs: slots.count === 0 && asked > 0 ? slots.delayMs : null,
    async take(count) {
      if (count === 0) return []
      const taken = reserveSlots(pace, found, now, count, 0)
      await writePace(client, key, taken.pace)
      return Array.from({ length: count }, (_, index) => Math.round(slots.delayMs + index * slots.spacingMs))
    },
  }
}

/** What calls used is known when they are recorded; a debt delays later claims until it is paid. */
export async function settleClientTokens(
  client: Queryable,
  { id: runId, projectId }: { id: string; projectId: string },
  tokens: number,
): Promise<void> {
  if (tokens === 0) return
  const found = await findClientEndpoint(client, runId)
  if (found && found.tokensPerMinute !== null)
    await settleTokens(client, { projectId, endpoint: found.endpoint }, tokens * tokenMs(found))
}

async function freeCalls(
  client: Queryable,
  projectId: string,
  { endpoint, concurrency }: ClientEndpoint,
): Promise<{ free: number; concurrency: number }> {
  if (concurrency === null) return { free: Infinity, concurrency: Infinity }
  const { running, clients } = await countClientCalls(client, projectId, endpoint)
  const share = Math.max(1, Math.floor(concurrency / Math.max(1, clients)))
  return { free: Math.max(0, concurrency - running), concurrency: share }
}
