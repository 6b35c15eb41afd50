import { builder } from '../builder.ts'
import { Direction, ScoreDataType } from '../enums.ts'

const ModuleKind = builder.enumType('ModuleKind', {
  description: 'Kinds of registered functions.',
  values: { TASK: { description: 'Executes items.' }, EVALUATOR: { description: 'Scores outputs.' } },
})

interface ModuleRow {
  name: string
  kind: 'TASK' | 'EVALUATOR'
  description: string | null
  dataType: typeof ScoreDataType.$inferType | null
  direction: typeof Direction.$inferType | null
}

const Module = builder.objectRef<ModuleRow>('Module').implement({
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under.' }),
    kind: t.expose('kind', { type: ModuleKind, description: 'Its purpose.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    dataType: t.expose('dataType', {
      type: ScoreDataType,
      nullable: true,
      description: "The type of an evaluator's scores; null for tasks.",
    }),
    direction: t.expose('direction', {
      type: Direction,
      nullable: true,
      description: 'Which of its scores are better; null for tasks.',
    }),
  }),
})

builder.queryField('modules', (t) =>
  t.field({
    type: [Module],
    description: 'The tasks and evaluators registered in the assay.config.ts of this server.',
    resolve: (_root, _args, { services }): ModuleRow[] => [
      ...[...services.modules.tasks.values()].map(({ name, description = null }) => ({
        name,
        kind: 'TASK' as const,
        description,
        dataType: null,
        direction: null,
      })),
      ...[...services.modules.evaluators.values()].map(
        ({ name, description = null, dataType = 'NUMERIC', direction = 'HIGHER_IS_BETTER' }) => ({
          name,
          kind: 'EVALUATOR' as const,
          description,
          dataType,
          direction,
        }),
      ),
    ],
  }),
)
