import type { EvaluatorSpec } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** An evaluator as it is now. */
export interface CurrentVersion {
  evaluatorId: string
  name: string
  versionId: string
  definition: EvaluatorSpec
}

/**
 * The current versions of these evaluators of the project of a run, or (null) of all that are active for its dataset, by
 * name.
 */
export function loadCurrentVersions(
  client: Queryable,
  runId: string,
  evaluatorIds: readonly string[] | null,
): Promise<CurrentVersion[]> {
  return queryRows<CurrentVersion>(
    client,
    `SELECT e.id AS "evaluatorId", e.name, v.id AS "versionId", v.definition
     FROM run r
     JOIN evaluator e ON e.project_id = r.project_id AND e.deleted_at IS NULL
     JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version
     WHERE r.id = $1 AND CASE
       WHEN $2::uuid[] IS NOT NULL THEN e.id = ANY ($2)
       ELSE e.active AND (
         NOT EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id)
         OR EXISTS (SELECT FROM evaluator_dataset x WHERE x.evaluator_id = e.id AND x.dataset_id = r.dataset_id))
       END
     ORDER BY e.name`,
    [runId, evaluatorIds],
  )
}
