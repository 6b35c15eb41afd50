import type { Json } from '../../../domain/json/json.ts'
import { columns } from '../../columns.ts'
import { jsonContains, jsonMentions, mentions, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface PromptFilter {
  /** Text anywhere in the name, the description or the content of the newest version, ignoring case. */
  search?: string | null
  /** A label that it has. */
  label?: string | null
  /** What the metadata has. */
  metadata?: Json
  createdAt?: TimeRange | null
  /** Default: false. */
  includeArchived?: boolean | null
}

type PromptOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<PromptOrderField, Key> = {
  NAME: { sql: 'p.name', type: 'text' },
  CREATED_AT: { sql: 'p.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'p.updated_at', type: 'timestamptz' },
}

/** The prompts of a project. */
export function listPrompts(filter: PromptFilter, { field, descending }: ListOrder<PromptOrderField>): List {
  const { search, label, metadata, createdAt, includeArchived } = filter
  return {
    select: columns('p', Prisma.PromptScalarFieldEnum),
    from: 'prompt p JOIN prompt_version v ON v.prompt_id = p.id AND v.version = p.version',
    parent: { column: 'p.project_id', type: 'uuid' },
    where: (parameter) => [
      ...(includeArchived ? [] : ['p.archived_at IS NULL']),
      ...(search
        ? [
            `(${[...mentions(['p.name', 'p.description'], search, parameter), jsonMentions(['v.content'], search, parameter)].join(' OR ')})`,
          ]
        : []),
      ...(label
        ? [`EXISTS (SELECT FROM prompt_label l WHERE l.prompt_id = p.id AND l.name = ${parameter(label)})`]
        : []),
      ...jsonContains('p.metadata', metadata, parameter),
      ...within('p.created_at', createdAt, parameter),
    ],
    keys: [orderKeys[field], { sql: 'p.id', type: 'uuid' }],
    descending,
  }
}
