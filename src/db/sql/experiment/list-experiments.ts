import { columns, containing } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** The experiments of a project or of a dataset, newest first. */
export function listExperiments(
  parent: 'project' | 'dataset',
  filter: { datasetId?: string | null; search?: string | null },
): List {
  return {
    select: columns('e', Prisma.ExperimentScalarFieldEnum),
    from: 'experiment e',
    parent: { column: `e.${parent}_id`, type: 'uuid' },
    where: (parameter) => [
      ...(filter.datasetId ? [`e.dataset_id = ${parameter(filter.datasetId)}`] : []),
      ...(filter.search ? [`e.name ILIKE ${parameter(containing(filter.search))}`] : []),
    ],
    keys: [
      { sql: 'e.created_at', type: 'timestamptz' },
      { sql: 'e.id', type: 'uuid' },
    ],
    descending: true,
  }
}
