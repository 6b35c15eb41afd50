import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface EndpointLimitFilter {
  /** Text anywhere in the endpoint, ignoring case. */
  search?: string | null
}

type EndpointLimitOrderField = 'ENDPOINT' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<EndpointLimitOrderField, Key> = {
  ENDPOINT: { sql: 'l.endpoint', type: 'text' },
  CREATED_AT: { sql: 'l.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'l.updated_at', type: 'timestamptz' },
}

/** The endpoint limits of a project. */
export function listEndpointLimits(
  filter: EndpointLimitFilter,
  { field, descending }: ListOrder<EndpointLimitOrderField>,
): List {
  return {
    select: columns('l', Prisma.EndpointLimitScalarFieldEnum),
    from: 'endpoint_limit l',
    parent: { column: 'l.project_id', type: 'uuid' },
    where: (parameter) => mentions(['l.endpoint'], filter.search, parameter),
    keys: [orderKeys[field], { sql: 'l.id', type: 'uuid' }],
    descending,
  }
}
