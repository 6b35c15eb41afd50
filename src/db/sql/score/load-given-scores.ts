import type { GivenScore } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/**
 * What the evaluators of a run have given an execution; null while one of those named is still to be called. In one
 * statement, so that an evaluation cannot end between the two questions.
 */
export async function loadGivenScores(
  client: Queryable,
  { runId, ordinal }: { runId: string; ordinal: number },
  evaluators: readonly string[],
): Promise<GivenScore[] | null> {
  const [found] = await queryRows<{ open: boolean; scores: GivenScore[] }>(
    client,
    `SELECT EXISTS (
       SELECT FROM open_evaluation o
       JOIN run_evaluator e ON e.run_id = o.run_id AND e.evaluator_version_id = o.evaluator_version_id
       WHERE o.run_id = $1 AND o.ordinal = $2 AND e.name = ANY ($3)) AS open,
     (SELECT COALESCE(json_agg(json_build_object('name', s.name, 'value', s.value, 'label', s.label)), '[]')
      FROM score s JOIN run_score_summary r ON r.run_id = s.run_id AND r.name = s.name AND r.source = s.source
      WHERE s.run_id = $1 AND s.ordinal = $2 AND s.source = 'EVALUATOR' AND s.error IS NULL
        AND s.evaluator_version_id IS NOT DISTINCT FROM r.evaluator_version_id) AS scores`,
    [runId, ordinal, evaluators],
  )
  return found && !found.open ? found.scores : null
}
