import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import { Prisma, type Run } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import { epochSql } from './feed-epoch.ts'

/** A run, or null, and the epoch of the database that it was read from, at one moment. */
export async function loadFollowedRun(db: Queryable, runId: string): Promise<{ epoch: string; run: Run | null }> {
  const rows = await queryRows<{ epoch: string; id: string | null }>(
    db,
    `SELECT e.epoch, ${columns('r', Prisma.RunScalarFieldEnum)}
     FROM (SELECT ${epochSql} AS epoch) e LEFT JOIN run r ON r.id = $1`,
    [runId],
    'followed-run',
  )
  const { epoch, ...run } = rows[0] as { epoch: string; id: string | null }
  return { epoch, run: run.id === null ? null : (run as Run) }
}
