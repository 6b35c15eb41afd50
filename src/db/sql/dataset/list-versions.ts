import { columns } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** The versions of a dataset, newest first. */
export function listDatasetVersions(): List {
  return {
    select: columns('v', Prisma.DatasetVersionScalarFieldEnum),
    from: 'dataset_version v',
    parent: { column: 'v.dataset_id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'v.version', type: 'int' }],
    descending: true,
  }
}
