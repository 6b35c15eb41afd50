import type { EvaluatorRow } from '../../src/db/sql/evaluator/evaluator-row.ts'
import { listEvaluators } from '../../src/db/sql/evaluator/list-evaluators.ts'
import { builder } from '../builder.ts'
import { Direction, ScoreDataType } from '../enums.ts'
import { DatasetRef, EvaluatorConnection, EvaluatorRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { loadExisting, loadNodes } from '../relay/node.ts'
import { EvaluatorDefinition } from './evaluator-definition.ts'

builder.node(EvaluatorRef, {
  description: 'Scores the outputs of runs. Versioned: a run keeps the versions it started with.',
  id: { resolve: (evaluator) => evaluator.id },
  loadManyWithoutCache: (ids, { loaders }) => loadNodes('Evaluator', ids, loaders.evaluator),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project; its scores carry this name.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it judges.' }),
    version: t.exposeInt('version', {
      description: 'The current version, from 1; whatever changes its scores makes a new one.',
    }),
    active: t.exposeBoolean('active', {
      description: 'Whether it scores new runs of its datasets without being named.',
    }),
    datasets: t.field({
      type: [DatasetRef],
      description: 'The datasets it is limited to; empty: all.',
      resolve: async (evaluator, _args, { loaders }) => {
        const limited = await loaders.evaluatorDatasetIds.load(evaluator.id)
        return Promise.all(limited.map(({ datasetId }) => loadExisting('dataset', datasetId, loaders.dataset)))
      },
    }),
    sampling: t.exposeFloat('sampling', { description: 'Share of the items it scores, above 0 and up to 1.' }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'What kind of scores it gives.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which of its scores are better.' }),
    definition: t.field({
      type: EvaluatorDefinition,
      description: 'How it scores.',
      resolve: (evaluator) => evaluator.definition,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed.' }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; it stays readable for the scores it gave.',
    }),
  }),
})

builder.queryField('evaluators', (t) =>
  t.field({
    type: EvaluatorConnection,
    description: 'All evaluators by name, without deleted ones.',
    args: t.arg.connectionArgs(),
    resolve: (_root, args, context) =>
      listConnection<EvaluatorRow>(context, listEvaluators(), 'NAME', context.scope.projectId, args),
  }),
)
