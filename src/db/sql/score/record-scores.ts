import type { Direction, ScoreDataType } from '../../../domain/evaluation.ts'
import type { ItemError } from '../../../domain/execution/task.ts'
import type { Json } from '../../../domain/json/json.ts'
import type { Extremes, ScoreMoments } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'

/** A score of an item from an evaluator, or the evaluator's error. */
export interface RecordedScore {
  ordinal: number
  evaluatorVersionId: string
  name: string
  dataType: ScoreDataType
  direction: Direction
  value: number | null
  label: string | null
  comment: string | null
  metadata: Json
  error: ItemError | null
}

/** The change of a batch to the summary of one score name. */
export interface SummaryDelta extends ScoreMoments, Extremes {
  name: string
  dataType: ScoreDataType
  direction: Direction
  errorCount: number
}

export interface LabelDelta {
  name: string
  label: string
  count: number
}

/**
 * Adds scores, their summaries and the latencies of a batch in one statement. Squared deviations are merged by the
 * pairwise update of Chan, Golub and LeVeque (1979), which does not suffer from cancellation as a sum of squares does.
 * Rows are added in key order: two runs never wait for each other, and a run has one writer at a time.
 */
export async function recordScores(
  client: Queryable,
  runId: string,
  batch: {
    scores: readonly RecordedScore[]
    summaries: readonly SummaryDelta[]
    labels: readonly LabelDelta[]
    latencies: readonly { bucket: number; count: number }[]
  },
): Promise<void> {
  await client.query({
    name: 'record-scores',
    text: `WITH score_rows AS (
         INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, source,
                            evaluator_version_id, error)
         SELECT $1, ordinal, name, "dataType", value, label, comment, metadata, 'EVALUATOR', "evaluatorVersionId", error
         FROM json_to_recordset($2::json) AS s (ordinal int, "evaluatorVersionId" uuid, name text,
           "dataType" "ScoreDataType", value float8, label text, comment text, metadata jsonb, error jsonb)
       ), summary AS (
         INSERT INTO run_score_summary AS old (run_id, name, data_type, direction, count, error_count, sum, m2, min, max)
         SELECT $1, name, "dataType", direction, count, "errorCount", sum, m2, min, max
         FROM json_to_recordset($3::json) AS d (name text, "dataType" "ScoreDataType", direction "Direction",
           count int, "errorCount" int, sum float8, m2 float8, min float8, max float8)
         ON CONFLICT (run_id, name) DO UPDATE SET
           count = old.count + excluded.count,
           error_count = old.error_count + excluded.error_count,
           sum = old.sum + excluded.sum,
           m2 = old.m2 + excluded.m2 + CASE WHEN old.count > 0 AND excluded.count > 0
             THEN (excluded.sum / excluded.count - old.sum / old.count) ^ 2
                  * old.count * excluded.count / (old.count + excluded.count)
             ELSE 0 END,
           min = CASE WHEN old.count = 0 OR old.min IS NOT NULL THEN LEAST(old.min, excluded.min) END,
           max = CASE WHEN old.count = 0 OR old.max IS NOT NULL THEN GREATEST(old.max, excluded.max) END,
           revision = old.revision + 1
       ), label AS (
         INSERT INTO run_score_label AS old (run_id, name, label, count)
         SELECT $1, name, label, count FROM json_to_recordset($4::json) AS d (name text, label text, count int)
         ON CONFLICT (run_id, name, label) DO UPDATE SET count = old.count + excluded.count
       )
       INSERT INTO run_latency_bucket AS old (run_id, bucket, count)
       SELECT $1, bucket, count FROM json_to_recordset($5::json) AS d (bucket int, count int)
       ON CONFLICT (run_id, bucket) DO UPDATE SET count = old.count + excluded.count`,
    values: [
      runId,
      JSON.stringify(batch.scores),
      JSON.stringify(batch.summaries),
      JSON.stringify(batch.labels),
      JSON.stringify(batch.latencies),
    ],
  })
}
