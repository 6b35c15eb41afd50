/**
 * Figures of runs that processes of an older version have written to and left unknown, counted from items and scores: as
 * expensive as the runs are large.
 */
import { type ItemErrorCode, itemErrorCodes } from '../../../domain/execution/task.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface FailureCount {
  runId: string
  code: ItemErrorCode
  count: number
}

/** How many items of these runs failed with which code, most frequent first. */
export async function countFailures(db: Queryable, runIds: readonly string[]): Promise<FailureCount[]> {
  return queryRows<FailureCount>(
    db,
    `SELECT run_id AS "runId", count(*)::int AS count,
       CASE WHEN error ->> 'code' = ANY ($2::text[]) THEN error ->> 'code' ELSE 'TASK_FAILED' END AS code
     FROM run_item WHERE run_id = ANY ($1::uuid[]) AND status = 'FAILED' AND error IS NOT NULL
     GROUP BY 1, 3 ORDER BY 2 DESC, 3`,
    [runIds, itemErrorCodes],
  )
}
