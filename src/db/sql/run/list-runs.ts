import type { Json } from '../../../domain/json/json.ts'
import type { Metric } from '../../../domain/metric.ts'
import type { RunStatus, StopReason } from '../../../domain/run.ts'
import { columns } from '../../columns.ts'
import { jsonContains, mentions, type TimeRange, within } from '../../conditions.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Key, List } from '../../keyset.ts'
import { preference } from '../score/series.ts'

/** Runs without a value for the order come last in either direction. */
export interface RunOrder {
  /** A metric: its mean, for failures their number. */
  by: 'CREATED_AT' | 'FINISHED_AT' | 'NAME' | Metric
  descending: boolean
}

/** A run must satisfy every part. */
export interface RunFilter {
  datasetId?: string | null
  datasetVersion?: number | null
  experimentId?: string | null
  startedById?: string | null
  status?: readonly RunStatus[] | null
  stopReason?: readonly StopReason[] | null
  /** Text anywhere in the name or the description. */
  search?: string | null
  /** What the metadata contain. */
  metadata?: Json
  createdAt?: TimeRange | null
  finishedAt?: TimeRange | null
}

function orderKey({ by, descending }: RunOrder): Key {
  const last = descending ? `'-infinity'` : `'infinity'`
  switch (by) {
    case 'CREATED_AT':
      return { sql: 'r.created_at', type: 'timestamptz' }
    case 'FINISHED_AT':
      return { sql: `COALESCE(r.finished_at, ${last})`, type: 'timestamptz' }
    case 'NAME':
      return { sql: 'r.name', type: 'text' }
    default:
      return metricOrderKey(by, last)
  }
}

/** @param last the value of runs that have none */
function metricOrderKey(metric: Metric, last: string): Key {
  switch (metric.kind) {
    case 'FAILED':
      return { sql: 'r.failed', type: 'int' }
    case 'LATENCY':
      return {
        sql: `COALESCE(CASE WHEN r.latency_min IS NOT NULL THEN r.latency_sum / NULLIF(r.succeeded, 0) END, ${last})`,
        type: 'float8',
      }
    case 'COST':
      return { sql: `COALESCE(r.cost_sum / NULLIF(r.cost_count, 0), ${last})`, type: 'float8' }
    case 'SCORE':
      return {
        sql: (parameter) => `COALESCE((
          SELECT CASE WHEN s.data_type IN ('NUMERIC', 'BOOLEAN') THEN s.sum / NULLIF(s.items, 0) END
          FROM run_score_summary s WHERE s.run_id = r.id AND s.name = ${parameter(metric.name)}
            ${metric.source === null ? '' : `AND s.source = ${parameter(metric.source)}::"ScoreSource"`}
          ORDER BY ${preference('s.source')} LIMIT 1), ${last})`,
        type: 'float8',
      }
  }
}

/** What runs are listed of. */
export type RunParent = 'project' | 'dataset' | 'experiment' | 'prompt' | 'promptVersion'

const parents: Record<RunParent, Pick<List, 'from' | 'parent'>> = {
  project: { from: 'run r', parent: { column: 'r.project_id', type: 'uuid' } },
  dataset: { from: 'run r', parent: { column: 'r.dataset_id', type: 'uuid' } },
  experiment: { from: 'run r', parent: { column: 'r.experiment_id', type: 'uuid' } },
  prompt: {
    from: 'run r JOIN prompt_version v ON v.id = r.prompt_version_id',
    parent: { column: 'v.prompt_id', type: 'uuid' },
  },
  promptVersion: { from: 'run r', parent: { column: 'r.prompt_version_id', type: 'uuid' } },
}

/**
 * The runs of a project, a dataset, an experiment, or a prompt or a version of one. By CREATED_AT a page is read from an index that begins with the
 * parent (not with a prompt), ends when it is full, and is entered where the range of `createdAt` begins. Any other order and any other filter
 * reads at most the parent's runs.
 */
export function listRuns(parent: RunParent, filter: RunFilter, order: RunOrder): List {
  return {
    select: columns('r', Prisma.RunScalarFieldEnum),
    ...parents[parent],
    where: (parameter) => [
      ...(filter.datasetId ? [`r.dataset_id = ${parameter(filter.datasetId)}`] : []),
      ...(filter.datasetVersion == null ? [] : [`r.dataset_version = ${parameter(filter.datasetVersion)}::int`]),
      ...(filter.experimentId ? [`r.experiment_id = ${parameter(filter.experimentId)}`] : []),
      ...(filter.startedById ? [`r.started_by_id = ${parameter(filter.startedById)}`] : []),
      ...(filter.status ? [`r.status = ANY (${parameter(filter.status)}::"RunStatus"[])`] : []),
      ...(filter.stopReason ? [`r.stop_reason = ANY (${parameter(filter.stopReason)}::"StopReason"[])`] : []),
      ...within('r.created_at', filter.createdAt, parameter),
      ...within('r.finished_at', filter.finishedAt, parameter),
      ...jsonContains('r.metadata', filter.metadata, parameter),
      ...mentions(['r.name', 'r.description'], filter.search, parameter),
    ],
    keys: [orderKey(order), { sql: 'r.id', type: 'uuid' }],
    descending: order.descending,
  }
}
