import { ConflictError, LimitError, NotFoundError } from '../../src/domain/errors.ts'
import { createAndStart, createExperiment, deleteExperiment, updateExperiment } from '../../src/engine/experiments.ts'
import { PrimaryMetricsInput } from '../comparison/primary-metrics.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { ExperimentRef, RunRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { RunSettingsInput } from '../run/run-settings.ts'
import { TaskInput, taskSpec } from './task.ts'

mutation('createExperiment', {
  description: 'Creates an experiment, and optionally starts a run.',
  input: {
    description: 'A new experiment on a dataset.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique among the experiments on the dataset.' }),
      description: t.string({ description: 'Its purpose.' }),
      datasetId: t.id({ required: true, description: 'The dataset it runs on.' }),
      task: t.field({ type: TaskInput, required: true, description: 'The task that is executed for every item.' }),
      evaluatorIds: t.idList({
        description:
          'Exactly these evaluators score its runs; default: all that are active for the dataset when a run starts.',
      }),
      settings: t.field({ type: RunSettingsInput, description: 'The default settings of its runs.' }),
      primaryMetrics: t.field({
        type: PrimaryMetricsInput,
        description: 'What its runs are judged by; default: all scores and failures alike.',
      }),
      metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
      start: t.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether to start a run too. If it cannot start, the experiment is not created either.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError, LimitError],
  resolve: async ({ start, ...input }, { services, scope }) => {
    const experiment = {
      ...input,
      datasetId: rawId('Dataset', input.datasetId, ['datasetId']),
      task: taskSpec(input.task),
      evaluatorIds: input.evaluatorIds && rawIds('Evaluator', input.evaluatorIds, ['evaluatorIds']),
    }
    return start
      ? createAndStart(services, scope, experiment)
      : { experiment: await createExperiment(services, scope, experiment), run: null }
  },
  payload: {
    description: 'The experiment was created.',
    fields: (t) => ({
      experiment: t.expose('experiment', { type: ExperimentRef, description: 'The new experiment.' }),
      run: t.expose('run', {
        type: RunRef,
        nullable: true,
        description: 'Its first run; null unless `start` was true.',
      }),
    }),
  },
})

mutation('updateExperiment', {
  description: 'Changes an experiment. Runs that have started are not affected.',
  input: {
    description: 'The changes for later runs; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The experiment.' }),
      name: t.string({ description: 'A new name.' }),
      description: t.string({ description: 'Its purpose; null clears it.' }),
      task: t.field({ type: TaskInput, description: 'Replaces the task.' }),
      evaluatorIds: t.idList({
        description:
          'Exactly these evaluators score its runs; null: all that are active for the dataset when a run starts.',
      }),
      settings: t.field({
        type: RunSettingsInput,
        description: 'Settings to change; omitted ones stay as they are.',
      }),
      primaryMetrics: t.field({
        type: PrimaryMetricsInput,
        description: 'Replaces what its runs are judged by; null: all scores and failures alike.',
      }),
      metadata: t.field({ type: 'JSON', description: 'Replaces the metadata; null clears it.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ task, evaluatorIds, ...changes }, { services, scope }) => ({
    experiment: await updateExperiment(services, scope, {
      ...changes,
      id: rawId('Experiment', changes.id, ['id']),
      task: task && taskSpec(task),
      evaluatorIds: evaluatorIds && rawIds('Evaluator', evaluatorIds, ['evaluatorIds']),
    }),
  }),
  payload: {
    description: 'The experiment was changed.',
    fields: (t) => ({
      experiment: t.expose('experiment', { type: ExperimentRef, description: 'The experiment as it is now.' }),
    }),
  },
})

deletion('deleteExperiment', {
  type: 'Experiment',
  description: 'Deletes an experiment with all its runs. Refused while a run is executing.',
  errors: [ConflictError],
  remove: (id, { services, scope }) => deleteExperiment(services, scope, id),
})
