import type { Run } from '../../src/db/generated/prisma/client.ts'
import { listRuns } from '../../src/db/sql/run/list-runs.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { type Metric, type MetricInput as MetricInputShape, metricKey, parseMetric } from '../../src/domain/metric.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { OrderDirection, RunStatus, StopReason } from '../enums.ts'
import { MetricInput } from '../metric.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'What runs can be ordered by.',
  values: {
    CREATED_AT: { description: 'When it was started.' },
    FINISHED_AT: { description: 'When it ended.' },
    NAME: { description: 'Its name.' },
    METRIC: { description: 'The `metric`: its mean, for `failed` the number of failed items.' },
  },
})

export const RunOrder = builder.inputType('RunOrder', {
  description: 'How runs are ordered; those without the value come last in either direction.',
  fields: (t) => ({
    field: t.field({
      type: RunOrderField,
      required: true,
      defaultValue: 'CREATED_AT',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'DESC',
      description: 'Which end comes first.',
    }),
    metric: t.field({ type: MetricInput, description: 'The metric to order by; needed for METRIC.' }),
  }),
})

export const RunFilter = builder.inputType('RunFilter', {
  description: 'Which runs; parts that are given together must all hold.',
  fields: (t) => ({
    status: t.field({ type: [RunStatus], description: 'In one of these states.' }),
    stopReason: t.field({ type: [StopReason], description: 'That stopped themselves for one of these reasons.' }),
    datasetId: t.id({ description: 'On this dataset.' }),
    datasetVersion: t.int({ description: 'On this version of their dataset.' }),
    experimentId: t.id({ description: 'Of this experiment.' }),
    startedById: t.id({ description: 'Started by this person.' }),
    search: t.string({ description: 'With this text in their name or description.' }),
    metadata: t.field({ type: 'JSON', description: 'Whose metadata contain this, e.g. `{ branch: "main" }`.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Started in this stretch of time.' }),
    finishedAt: t.field({ type: DateTimeRange, description: 'Ended in this stretch of time.' }),
  }),
})

/** One page of the runs of a project, dataset or experiment. */
export function runsConnection(
  context: Context,
  parent: 'project' | 'dataset' | 'experiment',
  parentId: string,
  args: ConnectionArguments & {
    filter?: typeof RunFilter.$inferInput | null
    orderBy?: typeof RunOrder.$inferInput | null
  },
) {
  const { field, direction, metric } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  const by = field === 'METRIC' ? orderMetric(metric) : field
  const filter = {
    ...args.filter,
    datasetId: optionalRawId('Dataset', args.filter?.datasetId, ['filter', 'datasetId']),
    experimentId: optionalRawId('Experiment', args.filter?.experimentId, ['filter', 'experimentId']),
    startedById: optionalRawId('Person', args.filter?.startedById, ['filter', 'startedById']),
  }
  const list = listRuns(parent, filter, { by, descending: direction === 'DESC' })
  const orderName = `${typeof by === 'string' ? by : metricKey(by)} ${direction}`
  return listConnection<Run>(context, list, orderName, parentId, args)
}

function orderMetric(metric: MetricInputShape | null | undefined): Metric {
  if (metric) return parseMetric(metric, ['orderBy', 'metric'])
  throw new InvalidInputError('Expected the metric to order by, got none.', ['orderBy', 'metric'])
}
