import { codeOf } from '../../../domain/errors.ts'
import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Run } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import { epochSql } from './feed-epoch.ts'
import { cursorDays } from './run-events.ts'

/** What a read saw. */
export interface Place {
  /** As PostgreSQL writes a `pg_snapshot`. */
  snapshot: string
  /** Seconds since 1970, by the clock of the database. */
  at: number
}

/** Which runs to look for. */
export interface RunChangesQuery {
  projectId: string
  /** Null: of any dataset. */
  datasetId: string | null
  /** The place that was returned before; null: nothing that happened earlier is of interest. */
  since: Place | null
  /** The runs that had not ended then; null when it is not known, for all that have not ended now. */
  open: readonly string[] | null
}

/** Runs as they are, at one moment. */
export interface RunChanges {
  epoch: string
  /** Of this statement. */
  place: Place
  /** Events since then may have been deleted. */
  expired: boolean
  /** Runs with an event since then, and the open ones, oldest first. */
  runs: Run[]
  deletedIds: string[]
}

/**
 * Events are found by what the earlier statement could not see, not by their number: a transaction that took a lower
 * number may commit later, and the recorder must not wait for others to keep them in order.
 */
export async function loadRunChanges(
  db: Queryable,
  { projectId, datasetId, since, open }: RunChangesQuery,
): Promise<RunChanges> {
  const openRuns = open
    ? 'SELECT unnest($5::uuid[])'
    : `SELECT id FROM run WHERE project_id = $1 AND ($3::uuid IS NULL OR dataset_id = $3) AND status IN ('QUEUED', 'RUNNING')`
  const rows = await queryRows<Run & Place & { epoch: string; expired: boolean; changedId: string | null }>(
    db,
    `WITH changed AS (
       SELECT run_id AS id FROM run_event
       WHERE project_id = $1 AND ($3::uuid IS NULL OR dataset_id = $3)
         AND xid >= pg_snapshot_xmin($2::pg_snapshot) AND xid < pg_snapshot_xmax(pg_current_snapshot())
         AND NOT pg_visible_in_snapshot(xid, $2::pg_snapshot)
       UNION ${openRuns}
     )
     SELECT now.*, changed.id AS "changedId", ${columns('r', Prisma.RunScalarFieldEnum)}
     FROM (SELECT ${epochSql} AS epoch, pg_current_snapshot()::text AS snapshot, extract(epoch FROM now())::int AS at,
             COALESCE(to_timestamp($4) < now() - make_interval(days => ${cursorDays}), false) AS expired) now
     LEFT JOIN changed ON true LEFT JOIN run r ON r.id = changed.id
     ORDER BY r.created_at, r.id`,
    [projectId, since?.snapshot ?? null, datasetId, since?.at ?? null, ...(open ? [open] : [])],
  )
  const { epoch = '', snapshot = '', at = 0, expired = false } = rows[0] ?? {}
  const runs: Run[] = []
  const deletedIds: string[] = []
  for (const { epoch: _, snapshot: __, at: ___, expired: ____, changedId, ...run } of rows) {
    if (run.id !== null) runs.push(run)
    else if (changedId !== null) deletedIds.push(changedId)
  }
  return { epoch, place: { snapshot, at }, expired, runs, deletedIds }
}

/** Whether a text is the `snapshot` of a {@link Place}, so that it can be asked for. */
export async function isSnapshot(db: Queryable, text: string): Promise<boolean> {
  try {
    await db.query('SELECT $1::pg_snapshot', [text])
    return true
  } catch (error) {
    if (codeOf(error)?.startsWith('22')) return false
    throw error
  }
}
