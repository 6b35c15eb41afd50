import type { RunStatus } from '../../domain/run.ts'
import { columns, containing } from '../columns.ts'
import { Prisma } from '../generated/prisma/client.ts'
import type { List } from '../keyset.ts'

export type RunOrderField = 'CREATED_AT' | 'FINISHED_AT' | 'NAME'

export interface RunFilter {
  datasetId?: string | null
  experimentId?: string | null
  status?: readonly RunStatus[] | null
  search?: string | null
}

// Runs that have not finished are newer than all that have.
const orderKeys = {
  CREATED_AT: { sql: 'r.created_at', type: 'timestamptz' },
  FINISHED_AT: { sql: `COALESCE(r.finished_at, 'infinity')`, type: 'timestamptz' },
  NAME: { sql: 'r.name', type: 'text' },
} satisfies Record<RunOrderField, { sql: string; type: string }>

/** The runs of a project, a dataset or an experiment. */
export function listRuns(
  parent: 'project' | 'dataset' | 'experiment',
  filter: RunFilter,
  order: { field: RunOrderField; descending: boolean },
): List {
  return {
    select: columns('r', Prisma.RunScalarFieldEnum),
    from: 'run r',
    parent: { column: `r.${parent}_id`, type: 'uuid' },
    where: (parameter) => [
      ...(filter.datasetId ? [`r.dataset_id = ${parameter(filter.datasetId)}`] : []),
      ...(filter.experimentId ? [`r.experiment_id = ${parameter(filter.experimentId)}`] : []),
      ...(filter.status ? [`r.status = ANY (${parameter(filter.status)}::"RunStatus"[])`] : []),
      ...(filter.search ? [`r.name ILIKE ${parameter(containing(filter.search))}`] : []),
    ],
    keys: [orderKeys[order.field], { sql: 'r.id', type: 'uuid' }],
    descending: order.descending,
  }
}
