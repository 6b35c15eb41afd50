import type { Json } from '../../../domain/json/json.ts'
import { columns } from '../../columns.ts'
import { jsonContains, mentions, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List, ListOrder } from '../../keyset.ts'

export interface ExperimentFilter {
  datasetId?: string | null
  /** Text anywhere in the name or the description, ignoring case. */
  search?: string | null
  /** What the metadata has. */
  metadata?: Json
  createdAt?: TimeRange | null
  /** Whether its runs must fulfil a gate. */
  hasGate?: boolean | null
}

type ExperimentOrder = ListOrder<'NAME' | 'CREATED_AT' | 'UPDATED_AT' | 'LATEST_RUN'>

function orderKey({ field, descending }: ExperimentOrder): Key {
  switch (field) {
    case 'NAME':
      return { sql: 'e.name', type: 'text' }
    case 'CREATED_AT':
      return { sql: 'e.created_at', type: 'timestamptz' }
    case 'UPDATED_AT':
      return { sql: 'e.updated_at', type: 'timestamptz' }
    case 'LATEST_RUN':
      // One descent of the index on (experiment_id, created_at, id) for each experiment; those without runs come last.
      return {
        sql: `COALESCE((SELECT max(r.created_at) FROM run r WHERE r.experiment_id = e.id),
          ${descending ? `'-infinity'` : `'infinity'`})`,
        type: 'timestamptz',
      }
  }
}

/** The experiments of a project, on a dataset or with a prompt. */
export function listExperiments(
  parent: 'project' | 'dataset' | 'prompt',
  filter: ExperimentFilter,
  order: ExperimentOrder,
): List {
  return {
    select: columns('e', Prisma.ExperimentScalarFieldEnum),
    from: 'experiment e',
    parent: { column: `e.${parent}_id`, type: 'uuid' },
    where: (parameter) => [
      ...(filter.datasetId ? [`e.dataset_id = ${parameter(filter.datasetId)}`] : []),
      ...mentions(['e.name', 'e.description'], filter.search, parameter),
      ...jsonContains('e.metadata', filter.metadata, parameter),
      ...within('e.created_at', filter.createdAt, parameter),
      ...(filter.hasGate == null ? [] : [`e.gate IS ${filter.hasGate ? 'NOT NULL' : 'NULL'}`]),
    ],
    keys: [orderKey(order), { sql: 'e.id', type: 'uuid' }],
    descending: order.descending,
  }
}
