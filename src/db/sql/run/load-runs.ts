import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import type { Dataset, EndpointLimit, Experiment, Run } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'

/** Tables whose rows belong to a project and are known by a uuid. */
const tables = {
  dataset: columns('t', Prisma.DatasetScalarFieldEnum),
  endpoint_limit: columns('t', Prisma.EndpointLimitScalarFieldEnum),
  experiment: columns('t', Prisma.ExperimentScalarFieldEnum),
  run: columns('t', Prisma.RunScalarFieldEnum),
}

interface Entities {
  dataset: Dataset
  endpoint_limit: EndpointLimit
  experiment: Experiment
  run: Run
}

/** The rows with these ids that belong to the project, in no particular order. */
export async function loadEntities<Table extends keyof Entities>(
  db: Queryable,
  projectId: string,
  table: Table,
  ids: readonly string[],
): Promise<Entities[Table][]> {
  const { rows } = await db.query<Entities[Table]>(
    `SELECT ${tables[table]} FROM ${table} t WHERE t.id = ANY ($1::uuid[]) AND t.project_id = $2`,
    [ids, projectId],
  )
  return rows
}
