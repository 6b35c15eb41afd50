import type { Json } from '../../../domain/json/json.ts'
import { columns } from '../../columns.ts'
import { jsonContains, mentions, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface DatasetFilter {
  /** Text anywhere in the name or the description, ignoring case. */
  search?: string | null
  /** What the metadata has. */
  metadata?: Json
  createdAt?: TimeRange | null
}

type DatasetOrderField = 'NAME' | 'CREATED_AT' | 'UPDATED_AT' | 'ITEM_COUNT'

const orderKeys: Record<DatasetOrderField, Key> = {
  // Keeps `/` groups together.
  NAME: { sql: 'd.name', type: 'text' },
  CREATED_AT: { sql: 'd.created_at', type: 'timestamptz' },
  UPDATED_AT: { sql: 'd.updated_at', type: 'timestamptz' },
  ITEM_COUNT: { sql: 'd.item_count', type: 'int' },
}

/** The datasets of a project. */
export function listDatasets(filter: DatasetFilter, { field, descending }: ListOrder<DatasetOrderField>): List {
  return {
    select: columns('d', Prisma.DatasetScalarFieldEnum),
    from: 'dataset d',
    parent: { column: 'd.project_id', type: 'uuid' },
    where: (parameter) => [
      ...mentions(['d.name', 'd.description'], filter.search, parameter),
      ...jsonContains('d.metadata', filter.metadata, parameter),
      ...within('d.created_at', filter.createdAt, parameter),
    ],
    keys: [orderKeys[field], { sql: 'd.id', type: 'uuid' }],
    descending,
  }
}
