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

/** Saves responses for the project; the first one per key wins. */
export async function saveCachedResponses(
  client: Queryable,
  projectId: string,
  responses: readonly (CachedResponse & { key: string })[],
): Promise<void> {
  await client.query(
    `INSERT INTO cached_response (project_id, key, output, latency_ms, cost_usd, input_tokens, output_tokens, generation)
     SELECT $1, decode(key, 'hex'), output, "latencyMs", "costUsd", "inputTokens", "outputTokens", generation
     FROM json_to_recordset($2::json) AS r (key text, output jsonb, "latencyMs" float8, "costUsd" float8,
       "inputTokens" int, "outputTokens" int, generation jsonb)
     ORDER BY key
     ON CONFLICT DO NOTHING`,
    [projectId, JSON.stringify(responses)],
  )
}
