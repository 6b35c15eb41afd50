import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface PersonFilter {
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
}

type PersonOrderField = 'NAME' | 'CREATED_AT'

const orderKeys: Record<PersonOrderField, Key> = {
  NAME: { sql: 'n.name', type: 'text' },
  CREATED_AT: { sql: 'n.created_at', type: 'timestamptz' },
}

/** Persons. @param of `all`, which has one parent of any text, or the project that they are known in */
export function listPersons(
  of: 'all' | 'project',
  filter: PersonFilter,
  { field, descending }: ListOrder<PersonOrderField>,
): List {
  return {
    select: columns('n', Prisma.PersonScalarFieldEnum),
    from: 'person n',
    parent: of === 'all' ? { column: 'parent.id', type: 'text' } : { column: 'n.project_id', type: 'uuid' },
    where: (parameter) => mentions(['n.name'], filter.search, parameter),
    keys: [orderKeys[field], { sql: 'n.id', type: 'uuid' }],
    descending,
  }
}
