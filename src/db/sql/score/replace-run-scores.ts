import type { Queryable } from '../../client.ts'
import type { RecordedScore } from './record-scores.ts'

/** Replaces what an evaluator gave a run as a whole. */
export async function replaceRunScores(
  client: Queryable,
  runId: string,
  evaluatorVersionId: string,
  scores: readonly Omit<RecordedScore, 'ordinal'>[],
): Promise<void> {
  await client.query(
    `DELETE FROM score WHERE run_id = $1 AND ordinal IS NULL AND source = 'EVALUATOR' AND evaluator_version_id = $2`,
    [runId, evaluatorVersionId],
  )
  await client.query(
    `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, cost_usd, source,
       evaluator_version_id, error)
     SELECT $1, NULL, name, "dataType", value, label, comment, metadata, "costUsd", 'EVALUATOR', $2, error
     FROM json_to_recordset($3::json) AS s (name text, "dataType" "ScoreDataType", value float8, label text, comment text,
       metadata jsonb, "costUsd" float8, error jsonb)`,
    [runId, evaluatorVersionId, JSON.stringify(scores.map(({ rules: _, isPinned: __, ...row }) => row))],
  )
}
