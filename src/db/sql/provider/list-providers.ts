import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ProviderFilter {
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
  kind?: readonly string[] | null
}

type ProviderOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<ProviderOrderField, Key> = {
  NAME: { sql: 'c.name', type: 'text' },
  CREATED_AT: { sql: 'c.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'c.updated_at', type: 'timestamptz' },
}

/** The providers of a project. */
export function listProviders(filter: ProviderFilter, { field, descending }: ListOrder<ProviderOrderField>): List {
  return {
    select: columns('c', Prisma.ProviderScalarFieldEnum),
    from: 'provider c',
    parent: { column: 'c.project_id', type: 'uuid' },
    where: (parameter) => [
      ...mentions(['c.name'], filter.search, parameter),
      ...(filter.kind ? [`c.kind = ANY (${parameter(filter.kind)}::text[])`] : []),
    ],
    keys: [orderKeys[field], { sql: 'c.id', type: 'uuid' }],
    descending,
  }
}
