import pg from 'pg'
import type { Rescoring } from '../../../domain/rescoring.ts'
import type { RunSettings, RunStatus, StopReason } from '../../../domain/run.ts'
import type { Queryable } from '../../client.ts'

/** What a writer needs that changes several runs without their lanes. */
export interface RunHead extends Pick<LockedRun, 'id' | 'status' | 'seq'> {
  repetitions: number
  /** Whether it is the approved baseline of its dataset. */
  isBaseline: boolean
}

/** The state of a run, as its next writer reads it. */
export interface LockedRun {
  id: string
  projectId: string
  status: RunStatus
  stopReason: StopReason | null
  stopMessage: string | null
  seq: number
  nextOrdinal: number
  total: number
  queued: number
  running: number
  succeeded: number
  failed: number
  cancelled: number
  costSum: number
  evaluatorCostSum: number
  costCount: number
  costMax: number | null
  /** Open evaluations that wait, and those that lanes hold. */
  evaluationsQueued: number
  evaluationsRunning: number
  /** How its outputs are scored again; null: they never were. */
  rescoring: Rescoring | null
  /** Whether the evaluators of the run as a whole have been asked since its items ended. */
  runScored: boolean
  priority: number
  settings: RunSettings
  /** Whether clients execute it; workers only score what they record. */
  remote: boolean
  /** Whether retention has removed outputs of it, so that they cannot be scored again. */
  outputsRemoved: boolean
  /** The leases of the run's lanes, which may claim items. */
  leases: string[]
}

/**
 * Locks the run's row until the transaction ends. Every change of a run takes this lock first, in a separate statement:
 * one that locks and decides at once would decide by the snapshot from before it waited. For the same reason the leases
 * are read after it; all of it is one round trip.
 *
 * Statements under the lock find their rows by key. Without sequential scans the planner cannot choose a plan for a
 * table that was small or never analyzed and keep it while the table grows; that includes foreign key checks.
 *
 * With a project, only a run of that project is found, and no other is locked.
 *
 * A process frozen while it holds the lock would block the run for all others: the server ends its session, and with it
 * the lock, well before the leases of its lanes expire.
 */
export async function lockRun(client: Queryable, runId: string, projectId?: string): Promise<LockedRun | null> {
  const id = pg.escapeLiteral(runId)
  const inProject = projectId === undefined ? '' : `AND project_id = ${pg.escapeLiteral(projectId)}`
  const results: unknown = await client.query(
    `SET LOCAL idle_in_transaction_session_timeout = '5s';
     SET LOCAL enable_seqscan = off;
     SELECT id, project_id AS "projectId", status, stop_reason AS "stopReason", stop_message AS "stopMessage",
            seq, next_ordinal AS "nextOrdinal", total, queued, running, succeeded, failed, cancelled,
            cost_sum AS "costSum", evaluator_cost_sum AS "evaluatorCostSum", cost_count AS "costCount", cost_max AS "costMax", priority, settings,
            evaluations_queued AS "evaluationsQueued", evaluations_running AS "evaluationsRunning",
            rescoring, run_scored AS "runScored", task ->> 'kind' = 'client' AS remote,
            outputs_removed_at IS NOT NULL AS "outputsRemoved"
     FROM run WHERE id = ${id} ${inProject} FOR UPDATE;
     SELECT lease::text FROM run_lane WHERE run_id = ${id} AND lease IS NOT NULL`,
  )
  const [, , runs, lanes] = results as [unknown, unknown, pg.QueryResult<LockedRun>, pg.QueryResult<{ lease: string }>]
  const run = runs.rows[0]
  return run ? { ...run, leases: lanes.rows.map(({ lease }) => lease) } : null
}

/**
 * Locks those of these runs that belong to the project, as {@link lockRun} does. In the order of their ids, so that two
 * callers never wait for each other.
 */
export async function lockRuns(client: Queryable, runIds: readonly string[], projectId: string): Promise<RunHead[]> {
  const ids = pg.escapeLiteral(`{${runIds.join()}}`)
  const results: unknown = await client.query(
    `SET LOCAL idle_in_transaction_session_timeout = '5s';
     SET LOCAL enable_seqscan = off;
     SELECT id, status, seq, (settings ->> 'repetitions')::int AS repetitions,
       EXISTS (SELECT FROM dataset WHERE baseline_run_id = run.id) AS "isBaseline" FROM run
     WHERE id = ANY (${ids}::uuid[]) AND project_id = ${pg.escapeLiteral(projectId)} ORDER BY id FOR UPDATE`,
  )
  const [, , { rows }] = results as [unknown, unknown, pg.QueryResult<RunHead>]
  return rows
}
