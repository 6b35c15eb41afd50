/** The evaluators of a run: their versions and the rules of their scores are pinned when it starts. */
import type { EvaluatorSpec, ScoreRules } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'

/**
 * Pins the current version of the named evaluators, or (null) of every active one that applies to the dataset, and its
 * series, so that it has a summary even if it gives nothing. Where an evaluator has no range or categories, those of the
 * configuration of its name apply. Those that clients execute are pinned with the first score that a client records.
 */
export async function pinEvaluators(
  client: Queryable,
  run: { id: string; projectId: string; datasetId: string },
  named: readonly string[] | null,
): Promise<void> {
  await client.query(
    `WITH pinned AS (
       INSERT INTO run_evaluator (run_id, evaluator_version_id, name)
       SELECT $1, v.id, e.name
       FROM evaluator e
       JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version
       WHERE e.deleted_at IS NULL AND e.project_id = $2 AND v.definition ->> 'kind' <> 'client' AND CASE
         WHEN $4::uuid[] IS NOT NULL THEN e.id = ANY ($4)
         ELSE e.active AND (
           NOT EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id)
           OR EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id AND x.dataset_id = $3))
         END
       RETURNING evaluator_version_id, name
     )
     INSERT INTO run_score_summary (run_id, name, source, evaluator_version_id, data_type, direction, lowest, highest,
       categories, failure_policy)
     SELECT $1, p.name, 'EVALUATOR', v.id, v.data_type, v.direction, COALESCE(v.min, c.min), COALESCE(v.max, c.max),
       COALESCE(v.categories, c.categories), v.failure_policy
     FROM pinned p JOIN evaluator_version v ON v.id = p.evaluator_version_id
     LEFT JOIN score_config c ON c.project_id = $2 AND c.name = p.name AND c.data_type = v.data_type`,
    [run.id, run.projectId, run.datasetId, named],
  )
}

/** Pins one version to a run under the name of its score, with the series if there is none yet. */
export async function pinVersion(client: Queryable, runId: string, versionId: string, name: string): Promise<void> {
  await client.query(
    `WITH pinned AS (
       INSERT INTO run_evaluator (run_id, evaluator_version_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
     )
     INSERT INTO run_score_summary (run_id, name, source, evaluator_version_id, data_type, direction, lowest, highest,
       categories, failure_policy)
     SELECT $1, $3, 'EVALUATOR', v.id, v.data_type, v.direction, COALESCE(v.min, c.min), COALESCE(v.max, c.max),
       COALESCE(v.categories, c.categories), v.failure_policy
     FROM evaluator_version v JOIN run r ON r.id = $1
     LEFT JOIN score_config c ON c.project_id = r.project_id AND c.name = $3 AND c.data_type = v.data_type
     WHERE v.id = $2
     ON CONFLICT DO NOTHING`,
    [runId, versionId, name],
  )
}

/** An evaluator version that a run is scored by. */
export interface PinnedEvaluator {
  versionId: string
  /** When the run started: what its scores are called. */
  name: string
  rules: ScoreRules
  /** Share of the items that it scores: 0–1. */
  sampling: number
  definition: EvaluatorSpec
}

/** The evaluators that a run is scored by, by name. */
export async function loadPinnedEvaluators(client: Queryable, runId: string): Promise<PinnedEvaluator[]> {
  const { rows } = await client.query<PinnedEvaluator>(
    `SELECT v.id AS "versionId", re.name, v.sampling, v.definition, json_build_object(
       'dataType', s.data_type, 'direction', s.direction, 'min', s.lowest, 'max', s.highest,
       'categories', s.categories, 'failurePolicy', s.failure_policy) AS rules
     FROM run_evaluator re
     JOIN evaluator_version v ON v.id = re.evaluator_version_id
     JOIN run_score_summary s ON s.run_id = re.run_id AND s.name = re.name AND s.source = 'EVALUATOR'
     WHERE re.run_id = $1 ORDER BY re.name`,
    [runId],
  )
  return rows
}
