import { columns } from '../../columns.ts'
import { mentions } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ScoreConfigFilter {
  /** Text anywhere in the name, ignoring case. */
  search?: string | null
}

type ScoreConfigOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT'

const orderKeys: Record<ScoreConfigOrderField, Key> = {
  NAME: { sql: 'c.name', type: 'text' },
  CREATED_AT: { sql: 'c.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'c.updated_at', type: 'timestamptz' },
}

/** The score configurations of a project. */
export function listScoreConfigs(
  filter: ScoreConfigFilter,
  { field, descending }: ListOrder<ScoreConfigOrderField>,
): List {
  return {
    select: columns('c', Prisma.ScoreConfigScalarFieldEnum),
    from: 'score_config c',
    parent: { column: 'c.project_id', type: 'uuid' },
    where: (parameter) => mentions(['c.name'], filter.search, parameter),
    keys: [orderKeys[field], { sql: 'c.id', type: 'uuid' }],
    descending,
  }
}
