import { columns } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

/** Projects by name. @param of `all`, which has one parent of any text, or the project that is its own parent */
export function listProjects(of: 'all' | 'project'): List {
  return {
    select: columns('p', Prisma.ProjectScalarFieldEnum),
    from: 'project p',
    parent: of === 'all' ? { column: 'parent.id', type: 'text' } : { column: 'p.id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'p.name', type: 'text' }],
    descending: false,
  }
}
