import type { Run } from '../../src/db/generated/prisma/client.ts'
import { listRuns, type RunParent } from '../../src/db/sql/run/list-runs.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { type Metric, type MetricInput as MetricInputShape, metricKey, parseMetric } from '../../src/domain/metric.ts'
import { builder } from '../builder.ts'
import { GateStatus } from '../comparison/gate.ts'
import type { Context } from '../context.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { OrderDirection, RunStatus, StopReason } from '../enums.ts'
import { MetricInput } from '../metric.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { runsByGate } from './runs-by-gate.ts'

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'Orders of runs.',
  values: {
    CREATED_AT: { description: 'When it was created.' },
    FINISHED_AT: { description: 'When it finished.' },
    NAME: { description: 'Its name.' },
    METRIC: { description: 'By `metric`: its mean; for `failed` the number of failed items.' },
  },
})

export const RunOrder = builder.inputType('RunOrder', {
  description: 'The order of runs; those without the value come last in either direction.',
  fields: (t) => ({
    field: t.field({
      type: RunOrderField,
      required: true,
      defaultValue: 'CREATED_AT',
      description: 'The order.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'DESC',
      description: 'The direction.',
    }),
    metric: t.field({ type: MetricInput, description: 'The metric to order by; required for METRIC.' }),
  }),
})

export const RunFilter = builder.inputType('RunFilter', {
  description: 'Which runs; all of the conditions must hold.',
  fields: (t) => ({
    status: t.field({ type: [RunStatus], description: 'Only those with one of these statuses.' }),
    stopReason: t.field({ type: [StopReason], description: 'Only those that stopped for one of these reasons.' }),
    datasetId: t.id({ description: 'Only those on this dataset.' }),
    datasetVersion: t.int({ description: 'Only those on this version of their dataset.' }),
    experimentId: t.id({ description: 'Only those of this experiment.' }),
    startedById: t.id({ description: 'Only those started by this person.' }),
    search: t.string({ description: 'Only those with this text in their name or description.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Only those whose metadata contains this, e.g. `{ branch: "main" }`.',
    }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only those created in this period.' }),
    finishedAt: t.field({ type: DateTimeRange, description: 'Only those finished in this period.' }),
    gate: t.field({
      type: [GateStatus],
      description:
        'Only those whose gate has one of these results now.\nA page ends after 10 gates or 200 runs: it may be short or empty, and `hasNextPage` still be true.',
    }),
  }),
})

/** One page of the runs of a project, dataset, experiment, prompt or version of a prompt. */
export function runsConnection(
  context: Context,
  parent: RunParent,
  parentId: string,
  args: ConnectionArguments & {
    filter?: typeof RunFilter.$inferInput | null
    orderBy?: typeof RunOrder.$inferInput | null
  },
) {
  const { field, direction, metric } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  if (metric && field !== 'METRIC') {
    throw new InvalidInputError(`Expected no metric in an order by ${field}, got one.`, ['orderBy', 'metric'])
  }
  const by = field === 'METRIC' ? orderMetric(metric) : field
  const filter = {
    ...args.filter,
    datasetId: optionalRawId('Dataset', args.filter?.datasetId, ['filter', 'datasetId']),
    experimentId: optionalRawId('Experiment', args.filter?.experimentId, ['filter', 'experimentId']),
    startedById: optionalRawId('Person', args.filter?.startedById, ['filter', 'startedById']),
  }
  const list = listRuns(parent, filter, { by, descending: direction === 'DESC' })
  const orderName = `${typeof by === 'string' ? by : metricKey(by)} ${direction}`
  return args.filter?.gate
    ? runsByGate(context, { list, orderName, parent: parentId }, args, args.filter.gate)
    : listConnection<Run>(context, list, orderName, parentId, args)
}

function orderMetric(metric: MetricInputShape | null | undefined): Metric {
  if (metric) return parseMetric(metric, ['orderBy', 'metric'])
  throw new InvalidInputError('Expected the metric to order by, got none.', ['orderBy', 'metric'])
}
