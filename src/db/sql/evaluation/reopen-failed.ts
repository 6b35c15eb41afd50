/** The failed evaluations of a finished run, opened again. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'

/** Failed scores of items, of evaluators that the server calls. Whatever it gave beside them is given again. */
const failed = `FROM score s JOIN evaluator_version v ON v.id = s.evaluator_version_id
  JOIN run_evaluator e ON e.run_id = s.run_id AND e.evaluator_version_id = v.id
  WHERE s.run_id = $1 AND s.ordinal IS NOT NULL AND s.error IS NOT NULL AND s.source = 'EVALUATOR'`

/** Opens an evaluation for each; returns how many are new. Their scores stay until there are others. */
export async function reopenFailedEvaluations(client: Queryable, runId: string): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO open_evaluation (run_id, ordinal, evaluator_version_id, available_at)
     SELECT DISTINCT s.run_id, s.ordinal, v.id, date_trunc('milliseconds', now()) ${failed}
       AND v.definition ->> 'kind' <> 'client'
     ON CONFLICT DO NOTHING`,
    [runId],
  )
  return rowCount ?? 0
}

/** Whether clients have recorded failed evaluations of their own. */
export async function hasFailedAtClients(client: Queryable, runId: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT ${failed} AND v.definition ->> 'kind' = 'client') AS found`,
    [runId],
  )
  return rows[0]?.found ?? false
}

/** Pins the time limits and attempts that the evaluators of a run have now. */
export async function repinLimits(client: Queryable, runId: string): Promise<void> {
  await client.query(
    `UPDATE run_evaluator r SET timeout_ms = e.timeout_ms, max_attempts = e.max_attempts
     FROM evaluator_version v JOIN evaluator e ON e.id = v.evaluator_id
     WHERE r.run_id = $1 AND v.id = r.evaluator_version_id`,
    [runId],
  )
}
