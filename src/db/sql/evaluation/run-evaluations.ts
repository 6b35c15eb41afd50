/** Open evaluations of a run as a whole, by evaluators that see all of its items. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type ClaimedRunEvaluation, due } from './claim-evaluations.ts'

/** Whether the evaluator of the version `v` scores runs and not items. */
export const isOfRun = (version: string) => `COALESCE(${version}.definition ->> 'level' = 'RUN', false)`

/**
 * Opens one by each of these versions, or (null) by each that the run has pinned; returns how many are new. Those that are
 * open stay as they are.
 */
export async function openRunEvaluations(
  client: Queryable,
  runId: string,
  versionIds: readonly string[] | null,
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO open_evaluation (run_id, ordinal, evaluator_version_id, available_at)
     SELECT $1, NULL, v.id, date_trunc('milliseconds', now())
     FROM run_evaluator e JOIN evaluator_version v ON v.id = e.evaluator_version_id
     WHERE e.run_id = $1 AND ${isOfRun('v')} AND ($2::uuid[] IS NULL OR v.id = ANY ($2))
     ON CONFLICT DO NOTHING`,
    [runId, versionIds],
  )
  return rowCount ?? 0
}

/** Removes all of a run that no lane holds, which it asks again when its items have ended; returns how many. */
export async function closeRunEvaluations(client: Queryable, runId: string): Promise<number> {
  const { rowCount } = await client.query(
    'DELETE FROM open_evaluation WHERE run_id = $1 AND ordinal IS NULL AND lease IS NULL',
    [runId],
  )
  return rowCount ?? 0
}

/** Whether an evaluator of the run as a whole has failed. */
export async function hasFailedRunScores(client: Queryable, runId: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (
       SELECT FROM score WHERE run_id = $1 AND ordinal IS NULL AND source = 'EVALUATOR' AND error IS NOT NULL) AS found`,
    [runId],
  )
  return rows[0]?.found ?? false
}

/** Claims those that are due; a call begins. */
export function claimRunEvaluations(
  client: Queryable,
  runId: string,
  lease: string,
  limit: number,
): Promise<ClaimedRunEvaluation[]> {
  return queryRows<ClaimedRunEvaluation>(
    client,
    `UPDATE open_evaluation SET lease = $2, available_at = NULL, attempts = attempts + 1
     WHERE id IN (
       SELECT id FROM open_evaluation
       WHERE run_id = $1 AND ordinal IS NULL AND lease IS NULL AND available_at <= statement_timestamp()
       ORDER BY id LIMIT $3)
     RETURNING ordinal, evaluator_version_id AS "evaluatorVersionId", lease::text, attempts, excused`,
    [runId, lease, limit],
  )
}

/** Ends one, or lets it wait, while its lease still holds it; returns whether it did. */
export async function endRunEvaluation(
  client: Queryable,
  runId: string,
  ended: Pick<ClaimedRunEvaluation, 'evaluatorVersionId' | 'lease' | 'attempts' | 'excused'> & {
    status: 'DONE' | 'QUEUED'
    delayMs: number | null
  },
): Promise<boolean> {
  const key = [runId, ended.evaluatorVersionId, ended.lease]
  const where = 'WHERE run_id = $1 AND ordinal IS NULL AND evaluator_version_id = $2 AND lease = $3::bigint'
  const { rowCount } =
    ended.status === 'DONE'
      ? await client.query(`DELETE FROM open_evaluation ${where}`, key)
      : await client.query(
          `UPDATE open_evaluation SET lease = NULL, attempts = $4, excused = $5, available_at = ${due('$6::float8')} ${where}`,
          [...key, ended.attempts, ended.excused, ended.delayMs],
        )
  return rowCount === 1
}
