import type { RecordedResponse } from '../../../domain/execution/recorded-response.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { Generation } from '../../../domain/model/generation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The outcome of one claim of an item: finished, or back in the queue. */
export interface RecordedItem {
  ordinal: number
  lease: string
  status: 'SUCCEEDED' | 'FAILED' | 'QUEUED'
  output: Json
  error: ItemError | null
  attempts: number
  excused: number
  latencyMs: number | null
  inputTokens: number | null
  outputTokens: number | null
  costUsd: number | null
  evaluatorCostUsd: number | null
  cached: boolean
  traceId: string | null
  generation: Generation | null
  /** For a requeued item: its delay in milliseconds; null for none. */
  delayMs: number | null
  /** For a requeued item: what a client recorded, if only evaluators are left. */
  recorded: RecordedResponse | null
}

/**
 * Writes the outcomes of claims, each only while its lease still holds the item, and returns the indexes of those that
 * matched; the others lost their lease and their results are worthless. Row n of the list gets `seq` + n.
 *
 * All times are the server's: the clocks of workers may differ.
 *
 * One JSON parameter for the whole batch: building and parsing an array parameter per column cost more. It is
 * materialized with the run's id so that rows can only be found one by one by their key: by the run's id alone the
 * planner would read the whole run for every batch where most runs are small.
 */
export async function recordResults(
  client: Queryable,
  runId: string,
  items: readonly RecordedItem[],
  seq: number,
): Promise<number[]> {
  const rows = await queryRows<{ index: number }>(
    client,
    `WITH r AS MATERIALIZED (
         SELECT $1::uuid AS run_id, r.*
         FROM ROWS FROM (json_to_recordset($2::json) AS (
           ordinal int, lease bigint, status "RunItemStatus", output jsonb, error jsonb, attempts int, excused int,
           "latencyMs" float8, "inputTokens" int, "outputTokens" int, "costUsd" float8, "evaluatorCostUsd" float8, cached boolean,
           "traceId" text, generation jsonb, "delayMs" float8, recorded jsonb
         )) WITH ORDINALITY AS r (
           ordinal, lease, status, output, error, attempts, excused, "latencyMs", "inputTokens", "outputTokens",
           "costUsd", "evaluatorCostUsd", cached, "traceId", generation, "delayMs", recorded, n
         )
       )
       UPDATE run_item SET status = r.status, lease = NULL, seq = $3::int + r.n::int,
         output = r.output, output_bytes = CASE WHEN r.status = 'SUCCEEDED' THEN octet_length(COALESCE(r.output, 'null')::text) END,
         error = r.error, attempts = r.attempts, excused = r.excused, latency_ms = r."latencyMs",
         input_tokens = r."inputTokens", output_tokens = r."outputTokens", cost_usd = r."costUsd",
         evaluator_cost_usd = r."evaluatorCostUsd", trace_id = r."traceId", cached = r.cached,
         generation = r.generation, recorded = r.recorded,
         available_at = CASE WHEN r.status = 'QUEUED'
           THEN COALESCE(statement_timestamp() + r."delayMs" * interval '1 ms', date_trunc('milliseconds', now())) END,
         finished_at = CASE WHEN r.status <> 'QUEUED' THEN statement_timestamp() END
       FROM r
       WHERE run_item.run_id = r.run_id AND run_item.ordinal = r.ordinal AND run_item.lease = r.lease
       RETURNING r.n::int - 1 AS index`,
    [runId, JSON.stringify(items), seq],
    'record-results',
  )
  return rows.map((row) => row.index)
}
