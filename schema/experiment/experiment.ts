import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { DatasetRef, EvaluatorRef, RunConnection } from '../refs.ts'
import { RunFilter, RunOrder, runsConnection } from '../run/run-list.ts'
import { RunSettingsRef } from '../run/run-settings.ts'
import { Task } from './task.ts'

builder.prismaNode('Experiment', {
  description: 'A named configuration on a dataset: a task, settings and evaluators. Its runs pin it when they start.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique among the experiments on its dataset.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    dataset: t.field({
      type: DatasetRef,
      description: 'The dataset it runs on.',
      resolve: linkTo('dataset', (experiment) => experiment.datasetId),
    }),
    task: t.field({
      type: Task,
      description: 'The task that is executed for every item.',
      resolve: (experiment) => experiment.task as unknown as TaskSpec,
    }),
    evaluators: t.field({
      type: [EvaluatorRef],
      nullable: true,
      description: 'The evaluators that score its runs; null: all that are active for the dataset when a run starts.',
      resolve: async (experiment, _args, { loaders }) => {
        if (!experiment.evaluatorsNamed) return null
        const named = await loaders.experimentEvaluators.load(experiment.id)
        return Promise.all(named.map(({ evaluatorId }) => loaders.links.load('evaluator', evaluatorId)))
      },
    }),
    settings: t.field({
      type: RunSettingsRef,
      description: 'The default settings of its runs.',
      resolve: (experiment) => experiment.settings as unknown as RunSettings,
    }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data to store with it.' }),
    runs: t.field({
      type: RunConnection,
      description: 'Its runs, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
        orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
      },
      resolve: (experiment, args, context) => runsConnection(context, 'experiment', experiment.id, args),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
})
