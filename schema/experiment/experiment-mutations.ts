import type { Experiment, Run } from '../../src/db/generated/prisma/client.ts'
import { createAndStart, createExperiment, deleteExperiment, updateExperiment } from '../../src/engine/experiments.ts'
import { builder } from '../builder.ts'
import { DeleteInput, DeleteResult } from '../deletion.ts'
import { ExperimentRef, RunRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { RunSettingsInput, settingsOf } from '../run/run-settings.ts'
import { resultOf } from '../user-error.ts'
import { TaskInput, taskSpec } from './task.ts'

const CreateExperimentInput = builder.inputType('CreateExperimentInput', {
  description: 'A new experiment on a dataset.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique in the project.' }),
    description: t.string({ description: 'What it tries out.' }),
    datasetId: t.id({ required: true, description: 'The dataset it runs on.' }),
    task: t.field({ type: TaskInput, required: true, description: 'What it executes for every item.' }),
    evaluatorIds: t.idList({ description: 'Evaluators that score its runs besides the active ones.' }),
    settings: t.field({ type: RunSettingsInput, description: 'How its runs are executed unless told otherwise.' }),
    metadata: t.field({ type: 'JSON', description: 'Anything you want to keep with it.' }),
    start: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Also start a run at once. When it cannot start, the experiment is not created either.',
    }),
  }),
})

const UpdateExperimentInput = builder.inputType('UpdateExperimentInput', {
  description: 'What to change for later runs; fields that are left out stay as they are.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The experiment.' }),
    name: t.string({ description: 'A new name.' }),
    description: t.string({ description: 'What it tries out; null clears it.' }),
    task: t.field({ type: TaskInput, description: 'Replaces the task.' }),
    evaluatorIds: t.idList({ description: 'Replaces the evaluators; null: none besides the active ones.' }),
    settings: t.field({ type: RunSettingsInput, description: 'Settings to change; those left out stay as they are.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces the metadata; null clears it.' }),
  }),
})

const CreateExperimentPayload = builder
  .objectRef<{ experiment: Experiment; run: Run | null }>('CreateExperimentPayload')
  .implement({
    description: 'The experiment was created.',
    fields: (t) => ({
      experiment: t.expose('experiment', { type: ExperimentRef, description: 'The new experiment.' }),
      run: t.expose('run', {
        type: RunRef,
        nullable: true,
        description: 'Its first run; null unless `start` was true.',
      }),
    }),
  })

const UpdateExperimentPayload = builder.objectRef<{ experiment: Experiment }>('UpdateExperimentPayload').implement({
  description: 'The experiment was changed.',
  fields: (t) => ({
    experiment: t.expose('experiment', { type: ExperimentRef, description: 'The experiment as it is now.' }),
  }),
})

const CreateExperimentResult = resultOf('CreateExperimentResult', CreateExperimentPayload)
const UpdateExperimentResult = resultOf('UpdateExperimentResult', UpdateExperimentPayload)

builder.mutationFields((t) => ({
  createExperiment: t.field({
    type: CreateExperimentResult,
    description: 'Creates an experiment, and starts a run of it if asked to.',
    args: { input: t.arg({ type: CreateExperimentInput, required: true, description: 'The experiment.' }) },
    resolve: async (_root, { input }, { services, scope }) => {
      const { task, datasetId, evaluatorIds, settings, start, ...rest } = input
      const experiment = {
        ...rest,
        datasetId: rawId('Dataset', datasetId, ['datasetId']),
        task: taskSpec(task),
        evaluatorIds: rawIds('Evaluator', evaluatorIds ?? [], ['evaluatorIds']),
        settings: settingsOf(settings),
      }
      return start
        ? createAndStart(services, scope, experiment)
        : { experiment: await createExperiment(services, scope, experiment), run: null }
    },
  }),
  updateExperiment: t.field({
    type: UpdateExperimentResult,
    description: 'Changes an experiment. Runs that have started are not affected: they pinned what they need.',
    args: { input: t.arg({ type: UpdateExperimentInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input }, { services, scope }) => {
      const { id, task, evaluatorIds, settings, ...changes } = input
      const experiment = await updateExperiment(services, scope, {
        ...changes,
        id: rawId('Experiment', id, ['id']),
        task: task && taskSpec(task),
        evaluatorIds:
          evaluatorIds === undefined ? undefined : rawIds('Evaluator', evaluatorIds ?? [], ['evaluatorIds']),
        settings: settings ? settingsOf(settings) : undefined,
      })
      return { experiment }
    },
  }),
  deleteExperiment: t.field({
    type: DeleteResult,
    description: 'Deletes an experiment with all its runs. Refused while a run is executing.',
    args: { input: t.arg({ type: DeleteInput, required: true, description: 'The experiment.' }) },
    resolve: async (_root, { input: { id } }, { services, scope }) => {
      await deleteExperiment(services, scope, rawId('Experiment', id, ['id']))
      return { deletedId: id }
    },
  }),
}))
