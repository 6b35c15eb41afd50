import type { ScoreSource } from '../../../domain/evaluation.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { Generation } from '../../../domain/model/generation.ts'
import type { RunItemStatus } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'
import { pageBytes, queryWithinBytes, type RowsWithinBytes } from '../../query-within-bytes.ts'

/** An exported score: a number or a label, or the error of its evaluator. */
interface ExportedScore {
  name: string
  dataType: string
  value: number | null
  label: string | null
  comment: string | null
  source: ScoreSource
  author: string | null
  error: ItemError | null
}

export interface ExportedRunItem {
  ordinal: number
  itemId: string
  key: string | null
  position: number
  repetition: number
  status: RunItemStatus
  input: Json
  expectedOutput: Json
  metadata: Json
  tags: string[]
  output: Json
  error: ItemError | null
  attempts: number
  latencyMs: number | null
  inputTokens: number | null
  outputTokens: number | null
  costUsd: number | null
  evaluatorCostUsd: number | null
  traceId: string | null
  generation: Generation | null
  startedAt: Date | null
  finishedAt: Date | null
  scores: ExportedScore[]
}

/**
 * Items of a run after an ordinal, with the content of their dataset item and their scores. By keyset, so that an
 * export of any length holds no transaction open; scores in a subselect per row, served by the unique index on (run_id,
 * ordinal, …), rather than a join to be grouped.
 */
export async function loadExportPage(
  db: Queryable,
  runId: string,
  afterOrdinal: number,
  limit: number,
): Promise<RowsWithinBytes<ExportedRunItem>> {
  const text = `SELECT i.ordinal, i.item_id::text AS "itemId", d.key, i.position, i.repetition, i.status, r.input,
            r.expected_output AS "expectedOutput", r.metadata, r.tags, i.output, i.error, i.attempts,
            i.latency_ms AS "latencyMs", i.input_tokens AS "inputTokens", i.output_tokens AS "outputTokens",
            i.cost_usd AS "costUsd", i.evaluator_cost_usd AS "evaluatorCostUsd", i.trace_id AS "traceId", i.generation,
            i.started_at AS "startedAt", i.finished_at AS "finishedAt",
            (SELECT COALESCE(json_agg(json_build_object(
               'name', s.name, 'dataType', s.data_type, 'value', s.value, 'label', s.label, 'comment', s.comment,
               'costUsd', s.cost_usd, 'source', s.source, 'author', s.author, 'error', s.error) ORDER BY s.name, s.id), '[]')
             FROM score s WHERE s.run_id = i.run_id AND s.ordinal = i.ordinal) AS scores
     FROM run_item i
     JOIN run ON run.id = i.run_id
     JOIN dataset_item d ON d.id = i.item_id
     JOIN dataset_item_revision r ON r.item_id = i.item_id AND r.valid_from <= run.dataset_version
      AND (r.valid_to IS NULL OR r.valid_to > run.dataset_version)
     WHERE i.run_id = $1 AND i.ordinal > $2
     ORDER BY i.ordinal
     LIMIT $3`
  const { rows, cut } = await queryWithinBytes<ExportedRunItem>(
    db,
    { text, values: [runId, afterOrdinal, limit] },
    pageBytes,
  )
  return { rows, cut: cut || rows.length === limit }
}
