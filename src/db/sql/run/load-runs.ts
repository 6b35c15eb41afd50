import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Run } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

const runColumns = columns('r', Prisma.RunScalarFieldEnum)

/** The runs with these ids that belong to the project, in no particular order. */
export async function loadRuns(db: Queryable, projectId: string, ids: readonly string[]): Promise<Run[]> {
  return queryRows<Run>(
    db,
    `SELECT ${runColumns} FROM run r WHERE r.id = ANY ($1::uuid[]) AND r.project_id = $2`,
    [ids, projectId],
    'load-runs',
  )
}
