import { columns, containing } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** The datasets of a project by name, which keeps `/` groups together. */
export function listDatasets(filter: { search?: string | null }): List {
  return {
    select: columns('d', Prisma.DatasetScalarFieldEnum),
    from: 'dataset d',
    parent: { column: 'd.project_id', type: 'uuid' },
    where: (parameter) => (filter.search ? [`d.name ILIKE ${parameter(containing(filter.search))}`] : []),
    keys: [
      { sql: 'd.name', type: 'text' },
      { sql: 'd.id', type: 'uuid' },
    ],
    descending: false,
  }
}
