import type { RegisteredFunction } from '../../src/domain/execution/functions.ts'
import { listFunctions } from '../../src/engine/workers.ts'
import { builder } from '../builder.ts'
import { Direction, ScoreDataType } from '../enums.ts'

export const ModuleKind = builder.enumType('ModuleKind', {
  description: 'Kinds of registered functions.',
  values: { TASK: { description: 'Executes items.' }, EVALUATOR: { description: 'Scores outputs.' } },
})

const Module = builder.objectRef<RegisteredFunction>('Module').implement({
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under.' }),
    kind: t.expose('kind', { type: ModuleKind, description: 'Its purpose.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    dataType: t.field({
      type: ScoreDataType,
      resolve: ({ kind, dataType }) => (kind === 'TASK' ? null : (dataType ?? 'NUMERIC')),
      nullable: true,
      description: "The type of an evaluator's scores; null for tasks.",
    }),
    direction: t.field({
      type: Direction,
      resolve: ({ kind, direction }) => (kind === 'TASK' ? null : (direction ?? 'HIGHER_IS_BETTER')),
      nullable: true,
      description: 'Which of its scores are better; null for tasks.',
    }),
    hash: t.exposeString('hash', {
      description:
        'Of the config with everything that it imports, or its own `version`.\nA run is executed by functions of the same hash only.',
    }),
  }),
})

builder.queryField('modules', (t) =>
  t.field({
    type: [Module],
    description: 'The tasks and evaluators in the assay.config.ts of the workers that are running.',
    resolve: (_root, _args, { services }) => listFunctions(services.db.pool),
  }),
)
