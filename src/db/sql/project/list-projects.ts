import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ProjectFilter {
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
}

type ProjectOrderField = 'NAME' | 'CREATED_AT'

const orderKeys: Record<ProjectOrderField, Key> = {
  NAME: { sql: 'p.name', type: 'text' },
  CREATED_AT: { sql: 'p.created_at', type: 'timestamptz' },
}

/** Projects. @param of `all`, which has one parent of any text, or the project that is its own parent */
export function listProjects(
  of: 'all' | 'project',
  filter: ProjectFilter,
  { field, descending }: ListOrder<ProjectOrderField>,
): List {
  return {
    select: columns('p', Prisma.ProjectScalarFieldEnum),
    from: 'project p',
    parent: of === 'all' ? { column: 'parent.id', type: 'text' } : { column: 'p.id', type: 'uuid' },
    where: (parameter) => mentions(['p.name'], filter.search, parameter),
    keys: [orderKeys[field], { sql: 'p.id', type: 'uuid' }],
    descending,
  }
}
