import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface ProjectCounts {
  projectId: string
  datasets: number
  experiments: number
  /** Without deleted ones. */
  evaluators: number
  runs: number
  queuedRuns: number
  runningRuns: number
}

/** What the numbers stop at. */
export const maxProjectCount = 10_000

/** How many rows each project has, in no particular order. Each number comes from an index. */
export function countProjectContents(db: Queryable, projectIds: readonly string[]): Promise<ProjectCounts[]> {
  const upTo = (rows: string) => `(SELECT count(*)::int FROM (SELECT FROM ${rows} LIMIT ${maxProjectCount}) counted)`
  return queryRows<ProjectCounts>(
    db,
    `SELECT p.id AS "projectId",
       ${upTo('dataset d WHERE d.project_id = p.id')} AS datasets,
       ${upTo('experiment e WHERE e.project_id = p.id')} AS experiments,
       ${upTo('evaluator e WHERE e.project_id = p.id AND e.deleted_at IS NULL')} AS evaluators,
       ${upTo('run r WHERE r.project_id = p.id')} AS runs,
       ${upTo(`run r WHERE r.project_id = p.id AND r.status = 'QUEUED'`)} AS "queuedRuns",
       ${upTo(`run r WHERE r.project_id = p.id AND r.status = 'RUNNING'`)} AS "runningRuns"
     FROM unnest($1::uuid[]) AS p (id)`,
    [projectIds],
  )
}
