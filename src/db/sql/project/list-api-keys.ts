import { columns } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

export interface ApiKeyFilter {
  /** The prefix of the key. */
  prefix?: string | null
  includeRevoked?: boolean | null
}

/** API keys, oldest first. @param of `all`, which has one parent of any text, or a project */
export function listApiKeys(of: 'all' | 'project', { prefix, includeRevoked }: ApiKeyFilter): List {
  return {
    select: columns('k', Prisma.ApiKeyScalarFieldEnum),
    from: 'api_key k',
    parent: of === 'all' ? { column: 'parent.id', type: 'text' } : { column: 'k.project_id', type: 'uuid' },
    where: (parameter) => [
      ...(includeRevoked ? [] : ['k.revoked_at IS NULL']),
      ...(prefix == null ? [] : [`starts_with(k.prefix, ${parameter(prefix)})`]),
    ],
    keys: [
      { sql: 'k.created_at', type: 'timestamptz' },
      { sql: 'k.id', type: 'uuid' },
    ],
    descending: false,
  }
}
