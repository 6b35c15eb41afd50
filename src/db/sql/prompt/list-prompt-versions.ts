import { columns } from '../../columns.ts'
import { mentions, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { List } from '../../keyset.ts'

export interface PromptVersionFilter {
  /** Text anywhere in the message, ignoring case. */
  search?: string | null
  authorId?: string | null
  createdAt?: TimeRange | null
}

/** The versions of a prompt, newest first. */
export function listPromptVersions({ search, authorId, createdAt }: PromptVersionFilter): List {
  return {
    select: columns('v', Prisma.PromptVersionScalarFieldEnum),
    from: 'prompt_version v',
    parent: { column: 'v.prompt_id', type: 'uuid' },
    where: (parameter) => [
      ...mentions(['v.message'], search, parameter),
      ...(authorId ? [`v.author_id = ${parameter(authorId)}`] : []),
      ...within('v.created_at', createdAt, parameter),
    ],
    keys: [{ sql: 'v.version', type: 'int' }],
    descending: true,
  }
}
