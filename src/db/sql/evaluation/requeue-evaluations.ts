/** Open evaluations that nobody makes any more go back to the queue. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'
import type { HeldEvaluation } from './claim-evaluations.ts'

/**
 * Requeues the evaluations of a lease: all of a dead holder, whose calls may have begun, or what a live one does not know
 * about because the response to its claim was lost, so that they did not. Returns how many. An interrupted call does not
 * count towards `maxAttempts`.
 * @param known what a live holder knows about; null for a dead one
 */
export async function requeueEvaluations(
  client: Queryable,
  runId: string,
  lease: string,
  known: readonly HeldEvaluation[] | null,
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE open_evaluation e SET lease = NULL, available_at = date_trunc('milliseconds', now()),
       attempts = CASE WHEN $3::int[] IS NULL THEN attempts ELSE attempts - 1 END,
       excused = CASE WHEN $3::int[] IS NULL THEN least(excused + 1, attempts) ELSE excused END
     WHERE run_id = $1 AND lease = $2 AND NOT EXISTS (
       SELECT FROM unnest($3::int[], $4::uuid[]) AS k (ordinal, version)
       WHERE k.ordinal IS NOT DISTINCT FROM e.ordinal AND k.version = e.evaluator_version_id)`,
    [
      runId,
      lease,
      known?.map(({ ordinal }) => ordinal) ?? null,
      known?.map(({ evaluatorVersionId }) => evaluatorVersionId) ?? null,
    ],
  )
  return rowCount ?? 0
}

/** Requeues the evaluations that any lane holds, or those whose lease belongs to no lane; returns how many. */
export async function requeueHeldEvaluations(
  client: Queryable,
  runId: string,
  which: 'ALL' | 'STRANDED',
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE open_evaluation SET lease = NULL, available_at = date_trunc('milliseconds', now()),
       excused = least(excused + 1, attempts)
     WHERE run_id = $1 AND lease IS NOT NULL AND ($2 OR lease NOT IN (
       SELECT lease FROM run_lane WHERE run_id = $1 AND lease IS NOT NULL))`,
    [runId, which === 'ALL'],
  )
  return rowCount ?? 0
}
