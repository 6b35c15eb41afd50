import { type ListedEvaluator, listEvaluators } from '../../src/db/sql/evaluator/list-evaluators.ts'
import { builder } from '../builder.ts'
import { ScoreDataType } from '../enums.ts'
import { EvaluatorConnection, EvaluatorRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { listOrder } from '../relay/list-order.ts'
import { BuiltinEvaluatorType } from './evaluator-definition.ts'

const EvaluatorKind = builder.enumType('EvaluatorKind', {
  description: 'Kinds of evaluators.',
  values: {
    BUILTIN: { value: 'builtin', description: 'It comes with Assay.' },
    MODULE: { value: 'module', description: 'It is a function registered in assay.config.ts.' },
    CLIENT: { value: 'client', description: 'It is a function that clients execute, with the task.' },
    JUDGE: { value: 'judge', description: 'It is a model that scores outputs.' },
    PAIRWISE: { value: 'pairwise', description: 'It is a model that compares outputs with those of a run.' },
    CODE: { value: 'code', description: 'It is JavaScript that runs in a sandbox.' },
    HTTP: { value: 'http', description: 'It is an endpoint.' },
    COMPOSITE: { value: 'composite', description: 'It combines other scores.' },
    SIMILARITY: { value: 'similarity', description: 'It compares embeddings.' },
  } as const,
})

const EvaluatorFilter = builder.inputType('EvaluatorFilter', {
  description: 'Which evaluators; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their name or description.' }),
    active: t.boolean({ description: 'true: only active ones; false: only the others.' }),
    datasetId: t.id({ description: 'Only those that may score this dataset: limited to it, or not limited.' }),
    kind: t.field({ type: EvaluatorKind, description: 'Only those of this kind.' }),
    type: t.field({ type: BuiltinEvaluatorType, description: 'Only this one of those that come with Assay.' }),
    dataType: t.field({ type: ScoreDataType, description: 'Only those with scores of this type.' }),
    includeDeleted: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to include deleted ones.',
    }),
  }),
})

const order = listOrder({
  type: 'Evaluator',
  rows: 'evaluators',
  fields: {
    NAME: 'Their names.',
    CREATED_AT: 'When they were created.',
    UPDATED_AT: 'When they were last changed.',
  },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  evaluator: t.prismaField({
    type: EvaluatorRef,
    nullable: true,
    description: 'The evaluator of this name; null if there is none, or only a deleted one.',
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.evaluator.findFirst({ ...query, where: { projectId, name, deletedAt: null } }),
  }),
  evaluators: t.field({
    type: EvaluatorConnection,
    description: 'All evaluators, by default by name.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: EvaluatorFilter, description: 'Which evaluators; default: all but deleted ones.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const { datasetId, ...filter } = args.filter ?? {}
      const by = order.read(args.orderBy)
      const dataset = optionalRawId('Dataset', datasetId, ['filter', 'datasetId'])
      const list = listEvaluators({ ...filter, datasetId: dataset }, by)
      return listConnection<ListedEvaluator>(context, list, by.name, context.scope.projectId, args)
    },
  }),
}))
