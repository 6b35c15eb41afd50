import type { ScoreConfig } from '../../src/db/generated/prisma/client.ts'
import { listScoreConfigs } from '../../src/db/sql/score/list-score-configs.ts'
import { deleteScoreConfig, setScoreConfig } from '../../src/engine/score-configs.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { Direction, FailurePolicy, ScoreDataType } from '../enums.ts'
import { mutation } from '../mutation.ts'
import { ScoreConfigConnection, ScoreConfigRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

builder.prismaNode('ScoreConfig', {
  description: 'The rules of the scores of a name. A run pins them with the first such score, and keeps them.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the scores, unique in the project.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of the scores.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which values are better.' }),
    min: t.exposeFloat('min', { nullable: true, description: 'The lowest possible value; null: no bound.' }),
    max: t.exposeFloat('max', { nullable: true, description: 'The highest possible value; null: no bound.' }),
    categories: t.stringList({
      nullable: true,
      description: 'The possible labels of a CATEGORICAL score; null: any.',
      resolve: ({ categories }) => categories as string[] | null,
    }),
    failurePolicy: t.expose('failurePolicy', { type: FailurePolicy, description: 'How items without a value count.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first set.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last set.' }),
  }),
})

const ScoreConfigFilter = builder.inputType('ScoreConfigFilter', {
  description: 'Which score configurations.',
  fields: (t) => ({ search: t.string({ description: 'Only those with this text in their name.' }) }),
})

const order = listOrder({
  type: 'ScoreConfig',
  rows: 'score configurations',
  fields: {
    NAME: 'Their names.',
    CREATED_AT: 'When they were first set.',
    UPDATED_AT: 'When they were last set.',
  },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  scoreConfig: t.prismaField({
    type: ScoreConfigRef,
    nullable: true,
    description: 'The rules of the scores of this name; null if there are none.',
    args: { name: t.arg.string({ required: true, description: 'The full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.scoreConfig.findUnique({ ...query, where: { projectId_name: { projectId, name } } }),
  }),
  scoreConfigs: t.field({
    type: ScoreConfigConnection,
    description: 'All score configurations, by default by name.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ScoreConfigFilter, description: 'Which ones; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const by = order.read(args.orderBy)
      const list = listScoreConfigs(args.filter ?? {}, by)
      return listConnection<ScoreConfig>(context, list, by.name, context.scope.projectId, args)
    },
  }),
}))

mutation('setScoreConfig', {
  description:
    'Sets the rules of the scores of a name, replacing its former ones. Runs keep the rules they have pinned.',
  input: {
    description: 'The rules of the scores of a name; what is left out is not limited.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'The name of the scores.' }),
      dataType: t.field({ type: ScoreDataType, required: true, description: 'The type of the scores.' }),
      direction: t.field({
        type: Direction,
        required: true,
        description: 'Which values are better; NONE for CATEGORICAL and TEXT.',
      }),
      min: t.float({ description: 'The lowest possible value of a NUMERIC score.' }),
      max: t.float({ description: 'The highest possible value of a NUMERIC score.' }),
      categories: t.stringList({ description: 'The possible labels of a CATEGORICAL score, 1–100.' }),
      failurePolicy: t.field({
        type: FailurePolicy,
        description: 'How items without a value count; default: WORST for BOOLEAN, else MISSING.',
      }),
    }),
  },
  errors: [],
  resolve: async (input, { services, scope }) => ({ scoreConfig: await setScoreConfig(services, scope, input) }),
  payload: {
    description: 'The rules were set.',
    fields: (t) => ({
      scoreConfig: t.expose('scoreConfig', { type: ScoreConfigRef, description: 'The rules as they are now.' }),
    }),
  },
})

deletion('deleteScoreConfig', {
  type: 'ScoreConfig',
  description: 'Removes the rules of the scores of a name. Runs keep those they have pinned.',
  remove: (id, { services, scope }) => deleteScoreConfig(services, scope, id),
})
