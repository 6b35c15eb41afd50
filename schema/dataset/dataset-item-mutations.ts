import { ConflictError, InvalidInputError, NotFoundError } from '../../src/domain/errors.ts'
import { archiveDatasetItems, restoreDatasetItems, upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { DatasetItemRevisionRef, DatasetRef } from '../refs.ts'
import { optionalRawId, rawId, rawIds } from '../relay/global-id.ts'

const DatasetItemInput = builder.inputType('DatasetItemInput', {
  description: 'An item as it should be from now on; all of its content is replaced.',
  fields: (t) => ({
    id: t.id({ description: 'The item to change; without it the item is found by `key`, else by its input.' }),
    key: t.string({ description: 'Your own name for it, unique in the dataset.' }),
    input: t.field({ type: 'JSON', description: 'What the task is given. Must be there; may be null.' }),
    expectedOutput: t.field({ type: 'JSON', description: 'What evaluators compare the output with.' }),
    metadata: t.field({ type: 'JSON', description: 'Anything else; tasks and evaluators see it.' }),
    tags: t.stringList({ description: 'Tags, e.g. the split it belongs to.' }),
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
  errors: [NotFoundError, ConflictError],
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
    description: 'All items were written, as one new version unless they said nothing new.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      items: t.expose('items', {
        type: [DatasetItemRevisionRef],
        description: 'What the items say now, in the order of the input.',
      }),
      added: t.exposeInt('added', { description: 'Items that are new.' }),
      changed: t.exposeInt('changed', { description: 'Items that said something else before.' }),
      unchanged: t.exposeInt('unchanged', { description: 'Items that said the same before.' }),
    }),
  },
})

mutation('archiveDatasetItems', {
  description: 'Leaves up to 1,000 items out of the dataset from a new version on.',
  input: {
    description: 'Items to leave out from now on.',
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
    description: 'The items are no longer in the current version; earlier versions and their runs still have them.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      archived: t.exposeInt('archived', { description: 'How many were in the current version before.' }),
    }),
  },
})

mutation('restoreDatasetItems', {
  description: 'Brings up to 1,000 archived items back into the dataset from a new version on, all or none.',
  input: {
    description: 'Items to bring back with the content they had.',
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
      restored: t.exposeInt('restored', { description: 'How many were archived before.' }),
    }),
  },
})
