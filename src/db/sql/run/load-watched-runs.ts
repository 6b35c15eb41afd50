import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Run } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

/** The runs of a dataset that are unfinished or among these, oldest first. */
export async function loadWatchedRuns(db: Queryable, datasetId: string, runIds: readonly string[]): Promise<Run[]> {
  return queryRows<Run>(
    db,
    `SELECT ${columns('r', Prisma.RunScalarFieldEnum)} FROM run r
     WHERE r.dataset_id = $1 AND (r.status IN ('QUEUED', 'RUNNING') OR r.id = ANY ($2::uuid[]))
     ORDER BY r.created_at, r.id`,
    [datasetId, runIds],
  )
}
