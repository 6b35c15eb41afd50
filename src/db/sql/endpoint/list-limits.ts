import { columns } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** The endpoint limits of a project, by endpoint. */
export function listEndpointLimits(): List {
  return {
    select: columns('l', Prisma.EndpointLimitScalarFieldEnum),
    from: 'endpoint_limit l',
    parent: { column: 'l.project_id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'l.endpoint', type: 'text' }],
    descending: false,
  }
}
