import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { epochSql } from './feed-epoch.ts'

/** Runs of a project. */
export interface RunsOfProject {
  projectId: string
  runIds: readonly string[]
}

/**
 * A text that changes with any change of these runs, their dataset or their experiments: the transactions that wrote the
 * rows last. Whatever changes an item or a score takes a position in the feed of its run, and whatever changes the items
 * of a dataset makes a new version of it. Null unless the project has all of the runs and all have finished.
 */
export async function tagFinishedRuns(db: Queryable, { projectId, runIds }: RunsOfProject): Promise<string | null> {
  const statement = `SELECT ${tagSql('$1', '$2')} AS tag`
  const [row] = await queryRows<{ tag: string | null }>(db, statement, [projectId, runIds], 'tag-finished-runs')
  return row?.tag ?? null
}

/** The same as a value of another statement. @param projectId @param runIds parameters of that statement */
export function tagSql(projectId: string, runIds: string): string {
  return finishedSql(projectId, runIds, (rows) => `md5(concat(${epochSql}, ${rows}))`)
}

/** The same within one life of the database; on a replica, too. */
export async function stateOfFinishedRuns(db: Queryable, { projectId, runIds }: RunsOfProject): Promise<string | null> {
  const statement = `SELECT ${finishedSql('$1', '$2', (rows) => rows)} AS state`
  const [row] = await queryRows<{ state: string | null }>(db, statement, [projectId, runIds], 'state-of-finished-runs')
  return row?.state ?? null
}

function finishedSql(projectId: string, runIds: string, value: (rows: string) => string): string {
  const rows = `string_agg(concat_ws(' ', r.id, r.seq, r.xmin, d.xmin, e.xmin), ',' ORDER BY r.id)`
  return `(SELECT CASE
      WHEN count(*) = cardinality(${runIds}::uuid[]) AND bool_and(r.status IN ('COMPLETED', 'CANCELLED', 'STOPPED'))
      THEN ${value(rows)} END
    FROM run r JOIN dataset d ON d.id = r.dataset_id JOIN experiment e ON e.id = r.experiment_id
    WHERE r.project_id = ${projectId} AND r.id = ANY(${runIds}::uuid[]))`
}
