import type { DatasetVersion } from '../../src/db/generated/prisma/client.ts'
import type { DatasetTagRow } from '../../src/db/sql/dataset/count-tags.ts'
import { listDatasetVersions } from '../../src/db/sql/dataset/versions.ts'
import { builder } from '../builder.ts'
import { ExperimentFilter, experimentOrder, experimentsConnection } from '../experiment/experiment-list.ts'
import {
  DatasetItemRevisionConnection,
  DatasetRef,
  DatasetVersionConnection,
  DatasetVersionRef,
  ExperimentConnection,
  RunConnection,
} from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { RunFilter, RunOrder, runsConnection } from '../run/run-list.ts'
import {
  archivedItemsConnection,
  DatasetItemFilter,
  datasetItemOrder,
  datasetItemsConnection,
} from './dataset-items.ts'

const DatasetTag = builder.objectRef<DatasetTagRow>('DatasetTag').implement({
  description: 'A tag of the items of a dataset.',
  fields: (t) => ({
    tag: t.exposeString('tag', { description: 'The tag.' }),
    count: t.exposeInt('count', { description: 'Items with it in the current version.' }),
  }),
})

builder.prismaNode('Dataset', {
  description:
    'Items that experiments run on. Every change of its items creates a new version; all versions stay readable.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project; `/` groups names.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data to store with it.' }),
    inputSchema: t.expose('inputSchema', {
      type: 'JSON',
      nullable: true,
      description: 'JSON Schema of the inputs.',
    }),
    expectedOutputSchema: t.expose('expectedOutputSchema', {
      type: 'JSON',
      nullable: true,
      description: 'JSON Schema of the expected outputs.',
    }),
    clusterPath: t.exposeStringList('clusterPath', {
      description:
        'Where the metadata of its items says which belong together, in comparisons; empty: they are independent.',
    }),
    version: t.exposeInt('version', { description: 'The current version; 0 while it never had items.' }),
    itemCount: t.exposeInt('itemCount', { description: 'Items in the current version.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it or its items last changed.' }),
    items: t.field({
      type: DatasetItemRevisionConnection,
      description:
        'The content of the items in a version, by default oldest item first. `totalCount` is known without a filter.',
      args: {
        ...t.arg.connectionArgs(),
        version: t.arg.int({ description: 'The version to read; default: the current one.' }),
        asOf: t.arg({ type: 'DateTime', description: 'Read the version that was current at this moment.' }),
        filter: t.arg({ type: DatasetItemFilter, description: 'Which items; default: all.' }),
        orderBy: t.arg({ type: datasetItemOrder.input, description: 'Default: oldest first.' }),
        skip: t.arg.int({ description: 'How many rows to pass by, to jump in a long list: 0–1,000,000.' }),
      },
      resolve: (dataset, args, context) => datasetItemsConnection(context, dataset, args),
    }),
    archivedItems: t.field({
      type: DatasetItemRevisionConnection,
      description:
        'The last content of the items that are not in the current version; `restoreDatasetItems` brings them back.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: DatasetItemFilter, description: 'Which items; default: all.' }),
      },
      resolve: (dataset, args, context) => archivedItemsConnection(context, dataset, args),
    }),
    tags: t.field({
      type: [DatasetTag],
      description: 'The 100 most frequent tags in the current version, that first.',
      resolve: ({ id }, _args, { loaders }) => loaders.datasetTags.load(id),
    }),
    versions: t.field({
      type: DatasetVersionConnection,
      description: 'The versions with their changes, newest first. `totalCount` is known.',
      args: t.arg.connectionArgs(),
      resolve: (dataset, args, context) =>
        listConnection<DatasetVersion>(context, listDatasetVersions(), 'VERSION', dataset.id, args, dataset.version),
    }),
    experiments: t.field({
      type: ExperimentConnection,
      description: 'The experiments on this dataset, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: ExperimentFilter, description: 'Which experiments; default: all.' }),
        orderBy: t.arg({ type: experimentOrder.input, description: 'Default: newest first.' }),
      },
      resolve: (dataset, args, context) => experimentsConnection(context, 'dataset', dataset.id, args),
    }),
    runs: t.field({
      type: RunConnection,
      description: 'The runs on this dataset, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
        orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
      },
      resolve: (dataset, args, context) => runsConnection(context, 'dataset', dataset.id, args),
    }),
  }),
})

DatasetVersionRef.implement({
  description: 'One change of the items of a dataset.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'Its number, from 1.' }),
    added: t.exposeInt('added', { description: 'Items that were added.' }),
    changed: t.exposeInt('changed', { description: 'Items whose content changed.' }),
    archived: t.exposeInt('archived', { description: 'Items that were archived.' }),
    itemCount: t.exposeInt('itemCount', { description: 'Items in this version.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

builder.queryField('dataset', (t) =>
  t.prismaField({
    type: DatasetRef,
    nullable: true,
    description: 'The dataset of this name; null when there is none.',
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.dataset.findUnique({ ...query, where: { projectId_name: { projectId, name } } }),
  }),
)
