/** The entries of outputs that are scored again. The caller holds the run's lock. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { type ClaimedEvaluation, claimedEvaluations } from './claim-evaluations.ts'

/**
 * Opens an evaluation by each version of the next `limit` outputs from an ordinal on, all under the lease; their calls begin.
 * Items without an output are passed by.
 */
export function openNextEvaluations(
  client: Queryable,
  runId: string,
  lease: string,
  { from, limit, versionIds }: { from: number; limit: number; versionIds: readonly string[] },
): Promise<ClaimedEvaluation[]> {
  return queryRows<ClaimedEvaluation>(
    client,
    `WITH item AS MATERIALIZED (
       SELECT ordinal FROM run_item WHERE run_id = $1 AND ordinal >= $3 AND status = 'SUCCEEDED' ORDER BY ordinal LIMIT $4
     ), claimed AS (
       INSERT INTO open_evaluation (run_id, ordinal, evaluator_version_id, attempts, lease)
       SELECT $1, item.ordinal, v.id, 1, $2 FROM item CROSS JOIN unnest($5::uuid[]) AS v (id)
       RETURNING ordinal, evaluator_version_id, lease, attempts, excused
     )
     ${claimedEvaluations}`,
    [runId, lease, from, limit, versionIds],
    'open-next-evaluations',
  )
}

/** Removes all open evaluations of a run; returns how many. Their items take a position of the feed, by their ordinal. */
export async function closeEvaluations(
  client: Queryable,
  { id, seq }: { id: string; seq: number },
  from: number,
): Promise<number> {
  const [closed] = await queryRows<{ count: number }>(
    client,
    `WITH gone AS (DELETE FROM open_evaluation WHERE run_id = $1 RETURNING ordinal),
     touched AS (
       UPDATE run_item SET seq = $2::int + 1 + ordinal
       WHERE run_id = $1 AND (ordinal >= $3 OR ordinal IN (SELECT ordinal FROM gone))
     )
     SELECT count(*)::int AS count FROM gone`,
    [id, seq, from],
  )
  return closed?.count ?? 0
}

/** Removes the open evaluations by these versions, which are opened again in their turn; returns how many. */
export async function deleteOpenEvaluations(
  client: Queryable,
  runId: string,
  versionIds: readonly string[],
): Promise<number> {
  const { rowCount } = await client.query(
    'DELETE FROM open_evaluation WHERE run_id = $1 AND evaluator_version_id = ANY ($2::uuid[])',
    [runId, versionIds],
  )
  return rowCount ?? 0
}
