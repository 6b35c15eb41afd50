import type { Role } from '../../../domain/scope.ts'
import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ApiKeyFilter {
  /** The beginning of the key. */
  prefix?: string | null
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
  role?: Role | null
  /** Default: false. */
  includeRevoked?: boolean | null
}

type ApiKeyOrder = ListOrder<'CREATED_AT' | 'NAME' | 'LAST_USED_AT'>

function orderKey({ field, descending }: ApiKeyOrder): Key {
  switch (field) {
    case 'CREATED_AT':
      return { sql: 'k.created_at', type: 'timestamptz' }
    case 'NAME':
      return { sql: 'k.name', type: 'text' }
    case 'LAST_USED_AT':
      return {
        sql: `COALESCE(k.last_used_at, ${descending ? `'-infinity'` : `'infinity'`})`,
        type: 'timestamptz',
      }
  }
}

/** The keys under a parent: `all` has one of any text; otherwise a project or a person. */
const parents = {
  all: { column: 'parent.id', type: 'text' },
  project: { column: 'k.project_id', type: 'uuid' },
  person: { column: 'k.person_id', type: 'uuid' },
} as const

/** API keys. @param projectId only keys of this project; null: of any, and of the installation */
export function listApiKeys(
  of: keyof typeof parents,
  projectId: string | null,
  { prefix, search, role, includeRevoked }: ApiKeyFilter,
  order: ApiKeyOrder,
): List {
  return {
    select: columns('k', Prisma.ApiKeyScalarFieldEnum),
    from: 'api_key k',
    parent: parents[of],
    where: (parameter) => [
      ...(projectId === null ? [] : [`k.project_id = ${parameter(projectId)}`]),
      ...(includeRevoked ? [] : ['k.revoked_at IS NULL']),
      ...(prefix == null ? [] : [`starts_with(k.prefix, ${parameter(prefix)})`]),
      ...mentions(['k.name'], search, parameter),
      ...(role ? [`k.role = ${parameter(role)}::"Role"`] : []),
    ],
    keys: [orderKey(order), { sql: 'k.id', type: 'uuid' }],
    descending: order.descending,
  }
}
