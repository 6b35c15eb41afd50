/** The evaluators of a run: their versions and the rules of their scores are pinned when it starts. */
import type { EvaluatorSpec, ScoreRules } from '../../../domain/evaluation.ts'
import type { ModelPrices } from '../../../domain/model/generation.ts'
import type { ScoreCondition } from '../../../domain/score-condition.ts'
import type { Queryable } from '../../client.ts'
import { isOfRun } from '../evaluation/run-evaluations.ts'

/**
 * Pins the current version of the named evaluators, or (null) of every active one that applies to the dataset, and its
 * series, so that it has a summary even if it gives nothing, and the project's prices of the model that it calls. Where an evaluator has no range or categories, those of the
 * configuration of its name apply. Those that clients execute are pinned with the first score that a client records.
 */
export async function pinEvaluators(
  client: Queryable,
  run: { id: string; projectId: string; datasetId: string },
  named: readonly string[] | null,
): Promise<void> {
  await client.query(
    `WITH pinned AS (
       INSERT INTO run_evaluator (run_id, evaluator_version_id, name, prices, timeout_ms, max_attempts)
       SELECT $1, v.id, e.name, ${modelPrices('e.project_id')}, e.timeout_ms, e.max_attempts
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
     FROM pinned p JOIN evaluator_version v ON v.id = p.evaluator_version_id AND NOT ${isOfRun('v')}
     LEFT JOIN score_config c ON c.project_id = $2 AND c.name = p.name AND c.data_type = v.data_type`,
    [run.id, run.projectId, run.datasetId, named],
  )
}

/** Pins one version to a run under the name of its score, with the series if there is none yet. */
export async function pinVersion(client: Queryable, runId: string, versionId: string, name: string): Promise<void> {
  await client.query(
    `WITH pinned AS (
       INSERT INTO run_evaluator (run_id, evaluator_version_id, name, prices)
       SELECT $1, v.id, $3, ${modelPrices('r.project_id')}
       FROM evaluator_version v JOIN run r ON r.id = $1 WHERE v.id = $2
       ON CONFLICT DO NOTHING
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

/** The project's prices of the model that the version `v` calls. */
export function modelPrices(projectId: string): string {
  return `(
         SELECT jsonb_build_object('input', m.input, 'output', m.output, 'cachedInput', m.cached_input,
           'cacheWrite', m.cache_write, 'reasoning', m.reasoning)
         FROM model_price m JOIN provider c ON c.id = m.provider_id
         WHERE c.project_id = ${projectId} AND c.name = v.definition ->> 'provider'
           AND m.model = v.definition ->> 'model')`
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
  /** What another score of an item must be for it to be scored; null: nothing. */
  onlyIf: ScoreCondition | null
  /** The project's prices of the model that it calls, when the run started; null for none. */
  prices: ModelPrices | null
  /** Of one call, in milliseconds. */
  timeoutMs: number
  /** Calls per item before a retryable failure is final. */
  maxAttempts: number
}

/** The evaluators that a run is scored by, by name. One of the run as a whole has no series, and rules of its own. */
export async function loadPinnedEvaluators(client: Queryable, runId: string): Promise<PinnedEvaluator[]> {
  const { rows } = await client.query<PinnedEvaluator>(
    `SELECT v.id AS "versionId", re.name, re.prices, v.only_if AS "onlyIf", v.sampling, v.definition,
       re.timeout_ms AS "timeoutMs", re.max_attempts AS "maxAttempts", json_build_object(
       'dataType', COALESCE(s.data_type, v.data_type), 'direction', COALESCE(s.direction, v.direction),
       'min', CASE WHEN s.run_id IS NULL THEN v.min ELSE s.lowest END,
       'max', CASE WHEN s.run_id IS NULL THEN v.max ELSE s.highest END,
       'categories', CASE WHEN s.run_id IS NULL THEN v.categories ELSE s.categories END,
       'failurePolicy', COALESCE(s.failure_policy, v.failure_policy)) AS rules
     FROM run_evaluator re
     JOIN evaluator_version v ON v.id = re.evaluator_version_id
     LEFT JOIN run_score_summary s ON s.run_id = re.run_id AND s.name = re.name AND s.source = 'EVALUATOR'
       AND NOT ${isOfRun('v')}
     WHERE re.run_id = $1 ORDER BY re.name`,
    [runId],
  )
  return rows
}
