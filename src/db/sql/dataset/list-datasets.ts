import type { Json } from '../../../domain/json/json.ts'
import { columns } from '../../columns.ts'
import { jsonContains, mentions, type Parameter, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'
import { folderPrefix } from './list-folders.ts'

export interface DatasetFilter {
  /** Text anywhere in the name or the description, ignoring case. */
  search?: string | null
  /** What the metadata has. */
  metadata?: Json
  createdAt?: TimeRange | null
  /** Datasets directly in it, by name; the empty text is the root. */
  folder?: string | null
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
      ...directlyIn(filter.folder, parameter),
    ],
    keys: [orderKeys[field], { sql: 'd.id', type: 'uuid' }],
    descending,
  }
}

function directlyIn(folder: string | null | undefined, parameter: Parameter): string[] {
  if (folder == null) return []
  const prefix = `${parameter(folderPrefix(folder))}::text`
  return [`starts_with(d.name, ${prefix})`, `strpos(substr(d.name, length(${prefix}) + 1), '/') = 0`]
}
