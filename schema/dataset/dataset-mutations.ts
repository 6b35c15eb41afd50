import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createDataset, deleteDataset, updateDataset } from '../../src/engine/datasets/datasets.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { DatasetRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'

mutation('createDataset', {
  description: 'Creates an empty dataset.',
  input: {
    description: 'A new, empty dataset.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project; `/` groups names.' }),
      description: t.string({ description: 'Its purpose.' }),
      metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
      inputSchema: t.field({ type: 'JSON', description: 'JSON Schema that the input of every item must satisfy.' }),
      expectedOutputSchema: t.field({
        type: 'JSON',
        description: 'JSON Schema that every expected output must satisfy.',
      }),
      clusterPath: t.stringList({
        description:
          'Where the metadata says which items belong together: `["passage"]`; default: they are independent.',
      }),
    }),
  },
  errors: [ConflictError],
  resolve: async (input, { services, scope }) => ({ dataset: await createDataset(services, scope, input) }),
  payload: {
    description: 'The dataset was created.',
    fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The new dataset.' }) }),
  },
})

mutation('updateDataset', {
  description: 'Changes a dataset; its items have their own mutations.',
  input: {
    description: 'The changes; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The dataset.' }),
      name: t.string({ description: 'A new name.' }),
      description: t.string({ description: 'Its purpose; null clears it.' }),
      metadata: t.field({ type: 'JSON', description: 'Replaces the metadata; null clears it.' }),
      inputSchema: t.field({ type: 'JSON', description: 'Every current input must match it; null removes it.' }),
      expectedOutputSchema: t.field({
        type: 'JSON',
        description: 'Every current expected output must match it; null removes it.',
      }),
      clusterPath: t.stringList({
        description: 'Where the metadata says which items belong together; null or empty: they are independent.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ id, ...changes }, { services, scope }) => ({
    dataset: await updateDataset(services, scope, { ...changes, id: rawId('Dataset', id, ['id']) }),
  }),
  payload: {
    description: 'The dataset was changed.',
    fields: (t) => ({ dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }) }),
  },
})

deletion('deleteDataset', {
  type: 'Dataset',
  description: 'Deletes a dataset with all its items, experiments and runs. Refused while a run is executing.',
  errors: [ConflictError],
  remove: (id, { services, scope }) => deleteDataset(services, scope, id),
})
