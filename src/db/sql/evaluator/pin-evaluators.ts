/** The evaluators of a run: their versions are pinned when it starts. */
import type { Direction, EvaluatorSpec, ScoreDataType } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'

/**
 * Pins the current version of the named evaluators, or (null) of every active one that applies to the dataset. Those that
 * clients execute are pinned with the first score that a client records.
 */
export async function pinEvaluators(
  client: Queryable,
  run: { id: string; projectId: string; datasetId: string },
  named: readonly string[] | null,
): Promise<void> {
  await client.query(
    `INSERT INTO run_evaluator (run_id, evaluator_version_id)
     SELECT $1, v.id
     FROM evaluator e
     JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version
     WHERE e.deleted_at IS NULL AND e.project_id = $2 AND v.definition ->> 'kind' <> 'client' AND CASE
       WHEN $4::uuid[] IS NOT NULL THEN e.id = ANY ($4)
       ELSE e.active AND (
         NOT EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id)
         OR EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id AND x.dataset_id = $3))
       END`,
    [run.id, run.projectId, run.datasetId, named],
  )
}

/** Pins one version to a run, unless it is pinned already. */
export async function pinVersion(client: Queryable, runId: string, versionId: string): Promise<void> {
  await client.query(
    'INSERT INTO run_evaluator (run_id, evaluator_version_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [runId, versionId],
  )
}

/** An evaluator version that a run is scored by. */
export interface PinnedEvaluator {
  versionId: string
  name: string
  dataType: ScoreDataType
  direction: Direction
  /** Share of the items that it scores: 0–1. */
  sampling: number
  definition: EvaluatorSpec
}

/** The evaluators that a run is scored by, by name. */
export async function loadPinnedEvaluators(client: Queryable, runId: string): Promise<PinnedEvaluator[]> {
  const { rows } = await client.query<PinnedEvaluator>(
    `SELECT v.id AS "versionId", e.name, v.data_type AS "dataType", v.direction, v.sampling, v.definition
     FROM run_evaluator re
     JOIN evaluator_version v ON v.id = re.evaluator_version_id
     JOIN evaluator e ON e.id = v.evaluator_id
     WHERE re.run_id = $1 ORDER BY e.name`,
    [runId],
  )
  return rows
}
