/** Mutations of items that are selected by their ids or by a filter. */
import { ConflictError, LimitError, NotFoundError } from '../../src/domain/errors.ts'
import { copyDatasetItems } from '../../src/engine/datasets/copy-items.ts'
import type { ItemSelection } from '../../src/engine/datasets/select-items.ts'
import { tagDatasetItems } from '../../src/engine/datasets/tag-items.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { DatasetRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { DatasetItemFilter } from './dataset-items.ts'

const DatasetItemSelection = builder.inputType('DatasetItemSelection', {
  description: 'Items of a dataset: some, or all that a filter leaves.',
  isOneOf: true,
  fields: (t) => ({
    itemIds: t.idList({ description: '1–1,000 items.' }),
    filter: t.field({ type: DatasetItemFilter, description: 'All items that it leaves; an empty one leaves all.' }),
  }),
})

function selectionOf({ itemIds, filter }: typeof DatasetItemSelection.$inferInput): ItemSelection {
  return itemIds ? { itemIds: rawIds('DatasetItem', itemIds, ['items', 'itemIds']) } : { filter: filter ?? {} }
}

mutation('copyDatasetItems', {
  description:
    'Copies items into another dataset, all or none, as one new version of it. An item with the same key, else with\nthe same input, is changed, so copying again changes nothing.',
  input: {
    description: 'Items to copy, from where to where.',
    fields: (t) => ({
      datasetId: t.id({ required: true, description: 'The dataset they are in.' }),
      version: t.int({ description: 'The version of that dataset that they are read from; default: the current one.' }),
      items: t.field({ type: DatasetItemSelection, required: true, description: 'Which items.' }),
      toDatasetId: t.id({ required: true, description: 'The dataset they are copied into.' }),
    }),
  },
  errors: [NotFoundError, ConflictError, LimitError],
  resolve: ({ datasetId, toDatasetId, version, items }, { services, scope }) =>
    copyDatasetItems(services, scope, {
      version,
      datasetId: rawId('Dataset', datasetId, ['datasetId']),
      toDatasetId: rawId('Dataset', toDatasetId, ['toDatasetId']),
      items: selectionOf(items),
    }),
  payload: {
    description: 'The items are in the other dataset.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The other dataset as it is now.' }),
      added: t.exposeInt('added', { description: 'Items that are new in it.' }),
      changed: t.exposeInt('changed', { description: 'Items of it whose content changed.' }),
      unchanged: t.exposeInt('unchanged', { description: 'Items that it had already.' }),
    }),
  },
})

mutation('tagDatasetItems', {
  description: 'Adds tags to items and removes others, as one new version of the dataset if that changes any.',
  input: {
    description: 'Items of the current version, and their tags.',
    fields: (t) => ({
      datasetId: t.id({ required: true, description: 'The dataset.' }),
      items: t.field({ type: DatasetItemSelection, required: true, description: 'Which items.' }),
      add: t.stringList({ description: 'Tags that they get, unless they have them.' }),
      remove: t.stringList({ description: 'Tags that they lose.' }),
    }),
  },
  errors: [NotFoundError, LimitError],
  resolve: ({ datasetId, items, add, remove }, { services, scope }) =>
    tagDatasetItems(services, scope, {
      ...{ add, remove, items: selectionOf(items) },
      datasetId: rawId('Dataset', datasetId, ['datasetId']),
    }),
  payload: {
    description: 'The items have these tags.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: DatasetRef, description: 'The dataset as it is now.' }),
      changed: t.exposeInt('changed', { description: 'Items whose tags changed.' }),
      unchanged: t.exposeInt('unchanged', { description: 'Items that were like that already.' }),
    }),
  },
})
