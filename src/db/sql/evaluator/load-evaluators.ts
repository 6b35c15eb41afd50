import type { Queryable } from '../../client.ts'
import { type EvaluatorRow, evaluatorColumns, evaluatorTables } from './evaluator-row.ts'

/** The evaluators with these ids, deleted ones too: old scores still name them. */
export async function loadEvaluators(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<EvaluatorRow[]> {
  const { rows } = await db.query<EvaluatorRow>(
    `SELECT ${evaluatorColumns} FROM ${evaluatorTables} WHERE e.id = ANY ($1::uuid[]) AND e.project_id = $2`,
    [ids, projectId],
  )
  return rows
}

/** Which evaluator each of these evaluator versions is a version of. */
export async function loadEvaluatorVersions(
  db: Queryable,
  projectId: string,
  versionIds: readonly string[],
): Promise<{ id: string; evaluatorId: string; version: number }[]> {
  const { rows } = await db.query<{ id: string; evaluatorId: string; version: number }>(
    `SELECT v.id, v.evaluator_id AS "evaluatorId", v.version
     FROM evaluator_version v JOIN evaluator e ON e.id = v.evaluator_id
     WHERE v.id = ANY ($1::uuid[]) AND e.project_id = $2`,
    [versionIds, projectId],
  )
  return rows
}

/** The evaluators that each experiment names, by name. */
export async function loadExperimentEvaluatorIds(
  db: Queryable,
  experimentIds: readonly string[],
): Promise<{ experimentId: string; evaluatorId: string }[]> {
  const { rows } = await db.query<{ experimentId: string; evaluatorId: string }>(
    `SELECT x.experiment_id AS "experimentId", x.evaluator_id AS "evaluatorId"
     FROM experiment_evaluator x JOIN evaluator e ON e.id = x.evaluator_id
     WHERE x.experiment_id = ANY ($1::uuid[]) AND e.deleted_at IS NULL
     ORDER BY e.name, e.id`,
    [experimentIds],
  )
  return rows
}

/** The datasets that each evaluator is limited to, by name. */
export async function loadEvaluatorDatasetIds(
  db: Queryable,
  evaluatorIds: readonly string[],
): Promise<{ evaluatorId: string; datasetId: string }[]> {
  const { rows } = await db.query<{ evaluatorId: string; datasetId: string }>(
    `SELECT x.evaluator_id AS "evaluatorId", x.dataset_id AS "datasetId"
     FROM evaluator_dataset x JOIN dataset d ON d.id = x.dataset_id
     WHERE x.evaluator_id = ANY ($1::uuid[])
     ORDER BY d.name`,
    [evaluatorIds],
  )
  return rows
}
