import type { Experiment } from '../../src/db/generated/prisma/client.ts'
import { listExperiments } from '../../src/db/sql/experiment/list-experiments.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { ExperimentConnection, ExperimentRef } from '../refs.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { listOrder } from '../relay/list-order.ts'

export const ExperimentFilter = builder.inputType('ExperimentFilter', {
  description: 'Which experiments; all of the conditions must hold.',
  fields: (t) => ({
    datasetId: t.id({ description: 'Only those on this dataset.' }),
    search: t.string({ description: 'Only those with this text in their name or description.' }),
    metadata: t.field({ type: 'JSON', description: 'Only those whose metadata contains this.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only those created in this period.' }),
    hasGate: t.boolean({ description: 'true: only those with a gate; false: only those without.' }),
  }),
})

export const experimentOrder = listOrder({
  type: 'Experiment',
  rows: 'experiments',
  fields: {
    NAME: 'Their names.',
    CREATED_AT: 'When they were created.',
    UPDATED_AT: 'When they were last changed.',
    LATEST_RUN: 'When their newest run was created.',
  },
  default: { field: 'CREATED_AT', direction: 'DESC' },
})

/** One page of the experiments of a project, on a dataset or with a prompt. */
export function experimentsConnection(
  context: Context,
  parent: 'project' | 'dataset' | 'prompt',
  parentId: string,
  args: ConnectionArguments & {
    filter?: typeof ExperimentFilter.$inferInput | null
    orderBy?: typeof experimentOrder.input.$inferInput | null
  },
) {
  const { datasetId, ...filter } = args.filter ?? {}
  const order = experimentOrder.read(args.orderBy)
  const dataset = optionalRawId('Dataset', datasetId, ['filter', 'datasetId'])
  const list = listExperiments(parent, { ...filter, datasetId: dataset }, order)
  return listConnection<Experiment>(context, list, order.name, parentId, args)
}

builder.queryFields((t) => ({
  experiment: t.prismaField({
    type: ExperimentRef,
    nullable: true,
    description: 'The experiment of this name; null when there is none.',
    args: {
      name: t.arg.string({ required: true, description: 'Its full name.' }),
      datasetId: t.arg.id({
        description: 'Its dataset; required when several datasets have an experiment of the name.',
      }),
    },
    resolve: async (query, _root, { name, datasetId: given }, { services, scope: { projectId } }) => {
      const datasetId = optionalRawId('Dataset', given, ['datasetId']) ?? undefined
      const where = { projectId, name, datasetId }
      const [found, another] = await services.db.prisma.experiment.findMany({ ...query, where, take: 2 })
      if (!another) return found ?? null
      const message = `Expected the dataset too, because several have an experiment "${name}".`
      throw new InvalidInputError(message, ['datasetId'])
    },
  }),
  experiments: t.field({
    type: ExperimentConnection,
    description: 'All experiments, by default newest first.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ExperimentFilter, description: 'Which experiments; default: all.' }),
      orderBy: t.arg({ type: experimentOrder.input, description: 'Default: newest first.' }),
    },
    resolve: (_root, args, context) => experimentsConnection(context, 'project', context.scope.projectId, args),
  }),
}))
