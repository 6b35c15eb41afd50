import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ConnectionFilter {
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
  provider?: readonly string[] | null
}

type ConnectionOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<ConnectionOrderField, Key> = {
  NAME: { sql: 'c.name', type: 'text' },
  CREATED_AT: { sql: 'c.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'c.updated_at', type: 'timestamptz' },
}

/** The connections of a project. */
export function listConnections(
  filter: ConnectionFilter,
  { field, descending }: ListOrder<ConnectionOrderField>,
): List {
  return {
    select: columns('c', Prisma.ProviderConnectionScalarFieldEnum),
    from: 'provider_connection c',
    parent: { column: 'c.project_id', type: 'uuid' },
    where: (parameter) => [
      ...mentions(['c.name'], filter.search, parameter),
      ...(filter.provider ? [`c.provider = ANY (${parameter(filter.provider)}::text[])`] : []),
    ],
    keys: [orderKeys[field], { sql: 'c.id', type: 'uuid' }],
    descending,
  }
}
