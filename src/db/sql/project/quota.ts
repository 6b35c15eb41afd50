import type { Queryable } from '../../client.ts'
import type { ProjectQuota } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'

/** How much of what quotas limit a project has. */
export interface ProjectUsage {
  projectId: string
  /** Items of all its runs, repetitions included. */
  runItems: number
  /** Null while storage is not limited, and so not measured. */
  storageMb: number | null
  /** Calls by workers at this moment. */
  concurrentCalls: number
}

const quotaColumns = `project_id AS "projectId", run_items AS "runItems", storage_mb AS "storageMb",
  concurrent_calls AS "concurrentCalls", subscriptions, updated_at AS "updatedAt"`

/** Of these projects, or of all, those that have one. */
export function loadQuotas(db: Queryable, projectIds: readonly string[] | 'all'): Promise<ProjectQuota[]> {
  const sql = `SELECT ${quotaColumns} FROM project_quota WHERE $1::uuid[] IS NULL OR project_id = ANY ($1)`
  return queryRows<ProjectQuota>(db, sql, [projectIds === 'all' ? null : projectIds], 'load-quotas')
}

export async function findQuota(db: Queryable, projectId: string): Promise<ProjectQuota | null> {
  return (await loadQuotas(db, [projectId]))[0] ?? null
}

/** Lets what counts against a quota wait for each other until the end of the transaction. */
export async function lockQuota(db: Queryable, projectId: string): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('assay quota ' || $1, 0))`, [projectId])
}

export async function countRunItemsOf(db: Queryable, projectId: string): Promise<number> {
  const sql = `SELECT coalesce(sum(total), 0)::float8 AS count FROM run WHERE project_id = $1`
  const [row] = await queryRows<{ count: number }>(db, sql, [projectId])
  return row?.count ?? 0
}

/** As measured last; files are counted as they are now. */
const storedBytes = (projectId: string) => `(
  (SELECT coalesce(sum(bytes), 0) FROM attachment_content WHERE project_id = ${projectId})
  + (SELECT coalesce(sum(s.bytes), 0) FROM run r JOIN run_size s ON s.run_id = r.id WHERE r.project_id = ${projectId})
  + (SELECT coalesce(sum(s.bytes), 0) FROM dataset d JOIN dataset_size s ON s.dataset_id = d.id
     WHERE d.project_id = ${projectId}))::float8`

export async function sumStoredBytes(db: Queryable, projectId: string): Promise<number> {
  const [row] = await queryRows<{ bytes: number }>(db, `SELECT ${storedBytes('$1')} AS bytes`, [projectId])
  return row?.bytes ?? 0
}

/** In no particular order. */
export function loadUsages(db: Queryable, projectIds: readonly string[]): Promise<ProjectUsage[]> {
  return queryRows<ProjectUsage>(
    db,
    `SELECT p.id AS "projectId",
       (SELECT coalesce(sum(total), 0)::float8 FROM run WHERE project_id = p.id) AS "runItems",
       CASE WHEN q.storage_mb IS NOT NULL THEN ${storedBytes('p.id')} / 1048576 END AS "storageMb",
       (SELECT coalesce(sum(running), 0)::int FROM run WHERE project_id = p.id AND status = 'RUNNING') AS "concurrentCalls"
     FROM unnest($1::uuid[]) AS p (id) LEFT JOIN project_quota q ON q.project_id = p.id`,
    [projectIds],
  )
}
