import type { Evaluation, ScoreRules } from '../../../domain/evaluation.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { LatencyBucket } from '../../../domain/statistics/latency-histogram.ts'
import type { Queryable } from '../../client.ts'
import { type LabelChange, type SummaryChange, summariesJson, writeSummariesSql } from './summary-columns.ts'

/** A score of an item from an evaluator, or the evaluator's error. */
export interface RecordedScore extends Evaluation {
  ordinal: number
  evaluatorVersionId: string
  error: ItemError | null
  /** Of the evaluator. */
  rules: ScoreRules
  /** Whether its name is the evaluator's: the run has pinned its rules then. */
  isPinned: boolean
}

const scoresSql = `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, cost_usd, source,
    evaluator_version_id, error)
  SELECT $1, ordinal, name, "dataType", value, label, comment, metadata, "costUsd", 'EVALUATOR',
    "evaluatorVersionId", error
  FROM json_to_recordset($2::json) AS s (ordinal int, "evaluatorVersionId" uuid, name text,
    "dataType" "ScoreDataType", value float8, label text, comment text, metadata jsonb, "costUsd" float8, error jsonb)`

const latenciesSql = `INSERT INTO run_latency_bucket AS old (run_id, bucket, count)
  SELECT $1, bucket, count FROM json_to_recordset($5::json) AS d (bucket int, count int)
  ON CONFLICT (run_id, bucket) DO UPDATE SET count = old.count + excluded.count`

function recordSql(mode: 'ADD' | 'REPLACE'): string {
  const { summaries, labels } = writeSummariesSql(mode, '$1', { summaries: '$3', labels: '$4' })
  return `WITH score_rows AS (${scoresSql}), summary AS (${summaries}), label AS (${labels}) ${latenciesSql}`
}

const texts = { ADD: recordSql('ADD'), REPLACE: recordSql('REPLACE') }

/**
 * Adds scores, their summaries and the latencies of a batch in one statement. Rows are added in key order: two runs never
 * wait for each other, and a run has one writer at a time.
 * @param batch.mode whether the tallies are added to those of the series, or replace them
 */
export async function recordScores(
  client: Queryable,
  runId: string,
  batch: {
    scores: readonly RecordedScore[]
    mode: 'ADD' | 'REPLACE'
    summaries: readonly SummaryChange[]
    labels: readonly LabelChange[]
    latencies: readonly LatencyBucket[]
  },
): Promise<void> {
  await client.query({
    name: `record-scores-${batch.mode}`,
    text: texts[batch.mode],
    values: [
      runId,
      JSON.stringify(batch.scores.map(({ rules: _, isPinned: __, ...row }) => row)),
      summariesJson(batch.summaries),
      JSON.stringify(batch.labels),
      JSON.stringify(batch.latencies),
    ],
  })
}
