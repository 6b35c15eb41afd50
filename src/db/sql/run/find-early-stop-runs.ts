import type { EarlyStop } from '../../../domain/early-stop.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** A run that may be stopped by its comparison. */
export interface WatchedRun {
  id: string
  projectId: string
  seq: number
  earlyStop: EarlyStop
}

/** All unfinished runs that may be stopped by their comparison, from a partial index. */
export async function findEarlyStopRuns(db: Queryable): Promise<WatchedRun[]> {
  return queryRows<WatchedRun>(
    db,
    `SELECT id, project_id AS "projectId", seq, early_stop AS "earlyStop" FROM run
     WHERE early_stop IS NOT NULL AND status IN ('QUEUED', 'RUNNING')`,
  )
}
