import type { RecordedResponse } from '../../../domain/execution/recorded-response.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { Generation } from '../../../domain/model/generation.ts'
import { jsonArray, numberArray, wordArray } from '../../array-literals.ts'
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
 * matched; the others lost their lease and their results are worthless. In a finished run none does. Row n of the list
 * gets `seq` + n.
 *
 * All times are the server's: the clocks of workers may differ.
 *
 * A list for each column, materialized with the run's id so that rows can only be found one by one by their key: by the
 * run's id alone the planner would read the whole run for every batch where most runs are small.
 * @param seq null: that of the run
 */
export async function recordResults(
  client: Queryable,
  runId: string,
  items: readonly RecordedItem[],
  seq: number | null,
): Promise<number[]> {
  const rows = await queryRows<{ index: number }>(
    client,
    `WITH r AS MATERIALIZED (
         SELECT run.id AS run_id, COALESCE($2::int, run.seq) AS seq, r.*
         FROM run CROSS JOIN ROWS FROM (
           unnest($3::int[]), unnest($4::bigint[]), unnest($5::"RunItemStatus"[]), unnest($6::int[]), unnest($7::int[]),
           jsonb_array_elements($8::jsonb), jsonb_array_elements($9::jsonb), unnest($10::float8[]), unnest($11::int[]),
           unnest($12::int[]), unnest($13::float8[]), unnest($14::float8[]), unnest($15::bool[]),
           json_array_elements_text($16::json), jsonb_array_elements($17::jsonb), unnest($18::float8[]),
           jsonb_array_elements($19::jsonb)
         ) WITH ORDINALITY AS r (
           ordinal, lease, status, attempts, excused, output, error, latency_ms, input_tokens, output_tokens, cost_usd,
           evaluator_cost_usd, cached, trace_id, generation, delay_ms, recorded, n
         )
         WHERE run.id = $1 AND run.status IN ('QUEUED', 'RUNNING')
       )
       UPDATE run_item SET status = r.status, lease = NULL, seq = r.seq + r.n::int, output = NULLIF(r.output, 'null'),
         output_bytes = CASE WHEN r.status = 'SUCCEEDED' THEN octet_length(COALESCE(r.output, 'null')::text) END,
         error = NULLIF(r.error, 'null'), attempts = r.attempts, excused = r.excused, latency_ms = r.latency_ms,
         input_tokens = r.input_tokens, output_tokens = r.output_tokens, cost_usd = r.cost_usd,
         evaluator_cost_usd = r.evaluator_cost_usd, trace_id = r.trace_id, cached = r.cached,
         generation = NULLIF(r.generation, 'null'), recorded = NULLIF(r.recorded, 'null'),
         available_at = CASE WHEN r.status = 'QUEUED'
           THEN COALESCE(statement_timestamp() + r.delay_ms * interval '1 ms', date_trunc('milliseconds', now())) END,
         finished_at = CASE WHEN r.status <> 'QUEUED' THEN statement_timestamp() END
       FROM r
       WHERE run_item.run_id = r.run_id AND run_item.ordinal = r.ordinal AND run_item.lease = r.lease
       RETURNING r.n::int - 1 AS index`,
    [
      runId,
      seq,
      numberArray(items.map((item) => item.ordinal)),
      wordArray(items.map((item) => item.lease)),
      wordArray(items.map((item) => item.status)),
      numberArray(items.map((item) => item.attempts)),
      numberArray(items.map((item) => item.excused)),
      jsonArray(items.map((item) => item.output)),
      jsonArray(items.map((item) => item.error as Json)),
      numberArray(items.map((item) => item.latencyMs)),
      numberArray(items.map((item) => item.inputTokens)),
      numberArray(items.map((item) => item.outputTokens)),
      numberArray(items.map((item) => item.costUsd)),
      numberArray(items.map((item) => item.evaluatorCostUsd)),
      wordArray(items.map((item) => String(item.cached))),
      jsonArray(items.map((item) => item.traceId)),
      jsonArray(items.map((item) => item.generation as Json)),
      numberArray(items.map((item) => item.delayMs)),
      jsonArray(items.map((item) => item.recorded as Json)),
    ],
    'record-results',
  )
  return rows.map((row) => row.index)
}
