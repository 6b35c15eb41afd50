/** Which runs the retention rules of their projects are about. */
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { isRescored } from '../run/rescoring.ts'

const finished = `r.status IN ('COMPLETED', 'CANCELLED', 'STOPPED')`

/**
 * Whether the rules may apply to a run `r` at all: nothing of it is executed, scored or reviewed, and neither a dataset, a
 * run that is executed nor an evaluator compares with it.
 */
const isLeft = `${finished} AND r.evaluations_queued + r.evaluations_running = 0 AND NOT ${isRescored('r')}
  AND NOT EXISTS (SELECT FROM dataset WHERE baseline_run_id = r.id)
  AND NOT EXISTS (
    SELECT FROM run u WHERE u.dataset_id = r.dataset_id AND u.status IN ('QUEUED', 'RUNNING')
      AND u.early_stop ->> 'baselineId' = r.id::text)
  AND NOT EXISTS (
    SELECT FROM evaluator e JOIN evaluator_version v ON v.evaluator_id = e.id AND v.version = e.version
    WHERE e.project_id = r.project_id AND e.deleted_at IS NULL AND v.definition ->> 'baselineId' = r.id::text)
  AND NOT EXISTS (SELECT FROM review_queue q WHERE r.id IN (q.run_id, q.baseline_id) AND q.closed_at IS NULL)`

/**
 * Runs that their projects do not keep, the oldest first: finished ones with at least `keepRuns` newer finished ones of
 * their experiment.
 * @param among only of these; null: of all
 */
export async function findUnkeptRuns(
  db: Queryable,
  among: readonly string[] | null,
  limit: number,
): Promise<{ id: string; projectId: string }[]> {
  return queryRows<{ id: string; projectId: string }>(
    db,
    `SELECT r.id, r.project_id AS "projectId" FROM run r
     JOIN (
       SELECT r.id, row_number() OVER (PARTITION BY r.experiment_id ORDER BY r.created_at DESC, r.id DESC) > p.keep_runs AS unkept
       FROM run r JOIN project p ON p.id = r.project_id WHERE p.keep_runs IS NOT NULL AND ${finished}
     ) placed USING (id)
     WHERE placed.unkept AND ($1::uuid[] IS NULL OR r.id = ANY ($1)) AND ${isLeft}
     ORDER BY r.created_at, r.id LIMIT $2`,
    [among, limit],
  )
}

/** Locks these runs but those that somebody else has locked, which are due again later. */
export async function lockFreeRuns(client: Queryable, ids: readonly string[]): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(
    client,
    'SELECT id FROM run WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED',
    [ids],
  )
  return rows.map(({ id }) => id)
}

/** A run whose outputs are to be removed. */
export interface OldOutputs {
  runId: string
  total: number
  /** The ordinal before which they are removed. */
  from: number
}

/**
 * The run with the oldest outputs that its project does not keep; null when there is none. After a retry of failed items
 * its age counts from their end.
 * @param runId only this one; null: any
 */
export async function findOldOutputs(db: Queryable, runId: string | null, now: Date): Promise<OldOutputs | null> {
  const rows = await queryRows<OldOutputs>(
    db,
    `SELECT r.id AS "runId", r.total, CASE WHEN r.outputs_removed_at > r.finished_at THEN r.outputs_removed_to ELSE 0 END AS from
     FROM run r JOIN project p ON p.id = r.project_id
     WHERE r.finished_at <= $2::timestamptz - p.keep_output_days * interval '1 day' AND ($1::uuid IS NULL OR r.id = $1)
       AND (COALESCE(r.outputs_removed_at <= r.finished_at, true) OR r.outputs_removed_to < r.total) AND ${isLeft}
     ORDER BY r.finished_at, r.id LIMIT 1`,
    [runId, now],
  )
  return rows[0] ?? null
}

/** Says how far the outputs of a run are removed. The caller holds its lock. */
export async function setOutputsRemoved(client: Queryable, runId: string, to: number, now: Date): Promise<void> {
  await client.query('UPDATE run SET outputs_removed_to = $2, outputs_removed_at = $3 WHERE id = $1', [runId, to, now])
}
