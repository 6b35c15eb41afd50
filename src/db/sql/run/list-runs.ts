import type { Metric } from '../../../domain/metric.ts'
import type { RunStatus } from '../../../domain/run.ts'
import { columns, containing } from '../../columns.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List } from '../../keyset.ts'

/** Runs without a value for the order come last in either direction. */
export interface RunOrder {
  /** A metric: its mean, for failures their number. */
  by: 'CREATED_AT' | 'FINISHED_AT' | 'NAME' | Metric
  descending: boolean
}

export interface RunFilter {
  datasetId?: string | null
  experimentId?: string | null
  status?: readonly RunStatus[] | null
  search?: string | null
}

function orderKey({ by, descending }: RunOrder): Key {
  switch (by) {
    case 'CREATED_AT':
      return { sql: 'r.created_at', type: 'timestamptz' }
    case 'FINISHED_AT':
      // Unfinished runs count as newer than all finished ones.
      return { sql: `COALESCE(r.finished_at, 'infinity')`, type: 'timestamptz' }
    case 'NAME':
      return { sql: 'r.name', type: 'text' }
    default:
      return metricOrderKey(by, descending ? `'-infinity'` : `'infinity'`)
  }
}

/** @param last the value of runs that have none */
function metricOrderKey(metric: Metric, last: string): Key {
  switch (metric.kind) {
    case 'FAILED':
      return { sql: 'r.failed', type: 'int' }
    case 'LATENCY':
      return { sql: `COALESCE(r.latency_sum / NULLIF(r.succeeded, 0), ${last})`, type: 'float8' }
    case 'COST':
      return { sql: `COALESCE(r.cost_sum / NULLIF(r.cost_count, 0), ${last})`, type: 'float8' }
    case 'SCORE':
      return {
        sql: (parameter) => `COALESCE((SELECT s.sum / NULLIF(s.count, 0) FROM run_score_summary s
          WHERE s.run_id = r.id AND s.name = ${parameter(metric.name)}
            AND s.data_type IN ('NUMERIC', 'BOOLEAN')), ${last})`,
        type: 'float8',
      }
  }
}

/** The runs of a project, a dataset or an experiment. */
export function listRuns(parent: 'project' | 'dataset' | 'experiment', filter: RunFilter, order: RunOrder): List {
  return {
    select: columns('r', Prisma.RunScalarFieldEnum),
    from: 'run r',
    parent: { column: `r.${parent}_id`, type: 'uuid' },
    where: (parameter) => [
      ...(filter.datasetId ? [`r.dataset_id = ${parameter(filter.datasetId)}`] : []),
      ...(filter.experimentId ? [`r.experiment_id = ${parameter(filter.experimentId)}`] : []),
      ...(filter.status ? [`r.status = ANY (${parameter(filter.status)}::"RunStatus"[])`] : []),
      ...(filter.search ? [`r.name ILIKE ${parameter(containing(filter.search))}`] : []),
    ],
    keys: [orderKey(order), { sql: 'r.id', type: 'uuid' }],
    descending: order.descending,
  }
}
