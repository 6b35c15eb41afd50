import type { Json } from '../../../domain/json/json.ts'
import type { Generation } from '../../../domain/model/generation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A previously computed output. */
export interface CachedResponse {
  output: Json
  /** Latency of the original call, in milliseconds. */
  latencyMs: number
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  generation: Generation | null
}

/** Cached responses of the project by key (hex); keys without one are absent. */
export async function findCachedResponses(
  client: Queryable,
  projectId: string,
  keys: readonly string[],
): Promise<Map<string, CachedResponse>> {
  const rows = await queryRows<CachedResponse & { key: string }>(
    client,
    `SELECT encode(key, 'hex') AS key, output, latency_ms AS "latencyMs", cost_usd AS "costUsd",
            input_tokens AS "inputTokens", output_tokens AS "outputTokens", generation
     FROM cached_response
     WHERE project_id = $1 AND key = ANY (SELECT decode(k, 'hex') FROM unnest($2::text[]) k)`,
    [projectId, keys],
  )
  return new Map(rows.map(({ key, ...response }) => [key, response]))
}

/** Saves responses for the project, with the tasks (hex) that they are of; the first one per key wins. */
export async function saveCachedResponses(
  client: Queryable,
  projectId: string,
  responses: readonly (CachedResponse & { key: string; task: string })[],
): Promise<void> {
  await client.query(
    `INSERT INTO cached_response (project_id, key, output, latency_ms, cost_usd, input_tokens, output_tokens, generation,
       task, bytes)
     SELECT $1, decode(key, 'hex'), output, "latencyMs", "costUsd", "inputTokens", "outputTokens", generation,
       decode(task, 'hex'), COALESCE(octet_length(output::text), 4)
     FROM json_to_recordset($2::json) AS r (key text, task text, output jsonb, "latencyMs" float8, "costUsd" float8,
       "inputTokens" int, "outputTokens" int, generation jsonb)
     ORDER BY key
     ON CONFLICT DO NOTHING`,
    [projectId, JSON.stringify(responses)],
  )
}

/**
 * Deletes the project's cached responses, or only those of these tasks (hex). Those from before tasks were stored are of
 * none. @returns how many
 */
export async function clearCachedResponses(
  client: Queryable,
  projectId: string,
  tasks: readonly string[] | null,
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM cached_response WHERE project_id = $1
     AND ($2::text[] IS NULL OR task IN (SELECT decode(t, 'hex') FROM unnest($2::text[]) AS t))`,
    [projectId, tasks],
  )
  return rowCount ?? 0
}

/**
 * Deletes responses that are older than some days, and the oldest of projects that have more bytes than they may, at most
 * `limit`. @returns how many
 */
export async function deleteOldResponses(
  client: Queryable,
  { days, maxBytes, limit }: { days: number; maxBytes: number; limit: number },
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM cached_response WHERE (project_id, key) IN (
       SELECT project_id, key FROM (
         SELECT project_id, key, created_at, sum(bytes) OVER (PARTITION BY project_id ORDER BY created_at DESC, key) AS newer
         FROM cached_response
       ) response
       WHERE created_at < now() - $1::int * interval '1 day' OR newer > $2 LIMIT $3)`,
    [days, maxBytes, limit],
  )
  return rowCount ?? 0
}
