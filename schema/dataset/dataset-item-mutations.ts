import { ConflictError, InvalidInputError, LimitError, NotFoundError } from '../../src/domain/errors.ts'
import { archiveDatasetItems, restoreDatasetItems, upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { DatasetItemRevisionRef, DatasetRef } from '../refs.ts'
import { optionalRawId, rawId, rawIds } from '../relay/global-id.ts'

const DatasetItemInput = builder.inputType('DatasetItemInput', {
  description: 'An item to write; all of its content is replaced.',
  fields: (t) => ({
    id: t.id({ description: 'The item to change; default: the one with the same `key`, else with the same input.' }),
    key: t.string({ description: "The caller's own name for it, unique in the dataset." }),
    input: t.field({ type: 'JSON', description: 'The input of the task. Required; may be null.' }),
    expectedOutput: t.field({ type: 'JSON', description: 'The value that evaluators compare the output with.' }),
    metadata: t.field({ type: 'JSON', description: 'Any other data; available to tasks and evaluators.' }),
    tags: t.stringList({ description: 'Tags, such as the split it belongs to.' }),
  }),
})

mutation('upsertDatasetItems', {
  description:
    'Adds and changes up to 1,000 items, all or none, as one new version. Larger data: POST /import/<dataset>.',
  input: {
    description: 'Items to add or change.',
    fields: (t) => ({
      datasetId: t.id({ required: true, description: 'The dataset.' }),
      items: t.field({ type: [DatasetItemInput], required: true, description: '1–1,000 items.' }),
    }),
  },
  errors: [NotFoundError, ConflictError, LimitError],
  resolve: (input, { services, scope }) =>
    upsertDatasetItems(services, scope, {
      datasetId: rawId('Dataset', input.datasetId, ['datasetId']),
      items: input.items.map(({ id, input: value, ...content }, i) => {
        if (value === undefined) {
          throw new InvalidInputError('Expected an input (it may be null), got none.', ['items', String(i), 'input'])
        }
        return { ...content, input: value, id: optionalRawId('DatasetItem', id, ['items', String(i), 'id']) }
      }),
    }),
  payload: {
    description: 'All items were written, as one new version if any content changed.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      items: t.expose('items', {
        type: [DatasetItemRevisionRef],
        description: 'The current revisions of the items, in the order of the input.',
      }),
      added: t.exposeInt('added', { description: 'Items that are new.' }),
      changed: t.exposeInt('changed', { description: 'Items whose content changed.' }),
      unchanged: t.exposeInt('unchanged', { description: 'Items whose content did not change.' }),
    }),
  },
})

mutation('archiveDatasetItems', {
  description: 'Archives up to 1,000 items in a new version of the dataset, all or none.',
  input: {
    description: 'Items to archive.',
    fields: (t) => ({
      datasetId: t.id({ required: true, description: 'The dataset.' }),
      itemIds: t.idList({ required: true, description: '1–1,000 of its items.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: (input, { services, scope }) =>
    archiveDatasetItems(services, scope, {
      datasetId: rawId('Dataset', input.datasetId, ['datasetId']),
      itemIds: rawIds('DatasetItem', input.itemIds, ['itemIds']),
    }),
  payload: {
    description: 'The items are no longer in the current version; earlier versions and their runs keep them.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      archived: t.exposeInt('archived', { description: 'How many of them were in the current version.' }),
    }),
  },
})

mutation('restoreDatasetItems', {
  description: 'Restores up to 1,000 archived items in a new version of the dataset, all or none.',
  input: {
    description: 'Archived items to restore with their last content.',
    fields: (t) => ({
      datasetId: t.id({ required: true, description: 'The dataset.' }),
      itemIds: t.idList({ required: true, description: '1–1,000 of its items.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: (input, { services, scope }) =>
    restoreDatasetItems(services, scope, {
      datasetId: rawId('Dataset', input.datasetId, ['datasetId']),
      itemIds: rawIds('DatasetItem', input.itemIds, ['itemIds']),
    }),
  payload: {
    description: 'The items are in the current version.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      restored: t.exposeInt('restored', { description: 'How many of them were archived.' }),
    }),
  },
})
