import { listItemRevisions } from '../../src/db/sql/dataset/list-revisions.ts'
import type { DatasetItemRow } from '../../src/db/sql/dataset/load-items.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import { listRunItemsOfItem } from '../../src/db/sql/run-item/list-run-items.ts'
import type { ShownRunItem } from '../../src/db/sql/run-item/run-item-columns.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { missing } from '../links.ts'
import type { Loaders } from '../loaders.ts'
import {
  DatasetItemRef,
  DatasetItemRevisionConnection,
  DatasetItemRevisionRef,
  DatasetRef,
  RunItemConnection,
} from '../refs.ts'
import { listConnection } from '../relay/connection.ts'

async function rowOf({ id }: { id: string }, { loaders }: Context): Promise<DatasetItemRow> {
  const row = await loaders.datasetItem.load(id)
  if (!row) throw missing('DatasetItem', id)
  return row
}

async function loadLatest(id: string, loaders: Loaders): Promise<DatasetItemRevisionRow> {
  const revision = await loaders.latestRevision.load(id)
  if (!revision) throw missing('DatasetItem', id)
  return revision
}

builder.node(DatasetItemRef, {
  description: 'An item of a dataset through all versions. Its content is in its revisions.',
  id: { resolve: (item) => item.id },
  loadWithoutCache: (id, { loaders }) => loaders.datasetItem.load(id),
  fields: (t) => ({
    dataset: t.field({
      type: DatasetRef,
      description: 'The dataset it belongs to.',
      resolve: async (item, _args, context) =>
        context.loaders.links.load('dataset', (await rowOf(item, context)).datasetId),
    }),
    key: t.string({
      nullable: true,
      description: "The caller's own name for it, unique in the dataset.",
      resolve: async (item, _args, context) => (await rowOf(item, context)).key,
    }),
    archived: t.boolean({
      description: 'Whether the current version of the dataset does not contain it.',
      resolve: async (item, _args, context) => (await rowOf(item, context)).archived,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was added.',
      resolve: async (item, _args, context) => (await rowOf(item, context)).createdAt,
    }),
    latest: t.field({
      type: DatasetItemRevisionRef,
      description: 'Its current content; the last one if it is archived.',
      // Not asynchronous where it is known: a page of a comparison would wait for a promise of every row.
      resolve: ({ id, latest }, _args, { loaders }) => latest ?? loadLatest(id, loaders),
    }),
    revision: t.field({
      type: DatasetItemRevisionRef,
      nullable: true,
      description:
        'Its content in a version of the dataset; null if the version does not contain it or does not exist.',
      args: { version: t.arg.int({ required: true, description: 'The version.' }) },
      resolve: async (item, { version }, context) => {
        const { links, revisionAt } = context.loaders
        const dataset = await links.load('dataset', (await rowOf(item, context)).datasetId)
        return version > dataset.version ? null : revisionAt.load({ itemId: item.id, version })
      },
    }),
    revisions: t.field({
      type: DatasetItemRevisionConnection,
      description: 'All of its contents, newest first.',
      args: t.arg.connectionArgs(),
      resolve: ({ id }, args, context) =>
        listConnection<DatasetItemRevisionRow>(context, listItemRevisions(), 'VERSION', id, args),
    }),
    runItems: t.field({
      type: RunItemConnection,
      description: 'Its executions, newest run first.',
      args: t.arg.connectionArgs(),
      resolve: ({ id }, args, context) =>
        listConnection<ShownRunItem>(context, listRunItemsOfItem(), 'CREATED_AT', id, args),
    }),
  }),
})
