import type { Dataset } from '../../src/db/generated/prisma/client.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { createDataset, deleteDataset, updateDataset } from '../../src/engine/datasets/datasets.ts'
import { builder } from '../builder.ts'
import { DeleteInput, DeleteResult } from '../deletion.ts'
import { DatasetRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { resultOf } from '../user-error.ts'

const CreateDatasetInput = builder.inputType('CreateDatasetInput', {
  description: 'A new, empty dataset.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique in the project; `/` groups names.' }),
    description: t.string({ description: 'What it is for.' }),
    metadata: t.field({ type: 'JSON', description: 'Anything you want to keep with it.' }),
    inputSchema: t.field({ type: 'JSON', description: 'JSON Schema that the input of every item must satisfy.' }),
    expectedOutputSchema: t.field({
      type: 'JSON',
      description: 'JSON Schema that every expected output must satisfy.',
    }),
  }),
})

const UpdateDatasetInput = builder.inputType('UpdateDatasetInput', {
  description: 'What to change; fields that are left out stay as they are, null clears them.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The dataset.' }),
    name: t.string({ description: 'A new name; null is not allowed.' }),
    description: t.string({ description: 'What it is for.' }),
    metadata: t.field({ type: 'JSON', description: 'Replaces the metadata.' }),
    inputSchema: t.field({ type: 'JSON', description: 'Every current item must satisfy it.' }),
    expectedOutputSchema: t.field({ type: 'JSON', description: 'Every current expected output must satisfy it.' }),
  }),
})

const CreateDatasetPayload = builder.objectRef<{ dataset: Dataset }>('CreateDatasetPayload').implement({
  description: 'The dataset was created.',
  fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The new dataset.' }) }),
})

const UpdateDatasetPayload = builder.objectRef<{ dataset: Dataset }>('UpdateDatasetPayload').implement({
  description: 'The dataset was changed.',
  fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }) }),
})

const CreateDatasetResult = resultOf('CreateDatasetResult', CreateDatasetPayload)
const UpdateDatasetResult = resultOf('UpdateDatasetResult', UpdateDatasetPayload)

builder.mutationFields((t) => ({
  createDataset: t.field({
    type: CreateDatasetResult,
    description: 'Creates an empty dataset.',
    args: { input: t.arg({ type: CreateDatasetInput, required: true, description: 'The dataset.' }) },
    resolve: async (_root, { input }, { services, scope }) => ({
      dataset: await createDataset(services, scope, input),
    }),
  }),
  updateDataset: t.field({
    type: UpdateDatasetResult,
    description: 'Changes a dataset; its items have their own mutations.',
    args: { input: t.arg({ type: UpdateDatasetInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input }, { services, scope }) => {
      const { id, name, ...changes } = input
      if (name === null) throw new InvalidInputError('Expected a name, got null. Leave it out to keep it.', ['name'])
      const dataset = await updateDataset(services, scope, { ...changes, name, id: rawId('Dataset', id, ['id']) })
      return { dataset }
    },
  }),
  deleteDataset: t.field({
    type: DeleteResult,
    description: 'Deletes a dataset with all its items, experiments and runs. Refused while a run is executing.',
    args: { input: t.arg({ type: DeleteInput, required: true, description: 'The dataset.' }) },
    resolve: async (_root, { input: { id } }, { services, scope }) => {
      await deleteDataset(services, scope, rawId('Dataset', id, ['id']))
      return { deletedId: id }
    },
  }),
}))
