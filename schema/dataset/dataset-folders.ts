import { type DatasetFolderRow, listDatasetFolders } from '../../src/db/sql/dataset/list-folders.ts'
import { builder } from '../builder.ts'
import { DatasetFolderConnection, DatasetFolderRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'

DatasetFolderRef.implement({
  description: 'What the names of several datasets have before a `/`.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The last part of its path.' }),
    path: t.exposeString('path', { description: 'All of it: the argument `folder` for what is in it.' }),
    datasetCount: t.exposeInt('datasetCount', { description: 'Datasets in it, at any depth.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When one of them last changed.' }),
  }),
})

builder.queryField('datasetFolders', (t) =>
  t.field({
    type: DatasetFolderConnection,
    description: 'The folders of datasets that are directly in a folder, by name.',
    args: {
      ...t.arg.connectionArgs(),
      folder: t.arg.string({ description: 'The folder that they are in, such as `a/b`; default: the root.' }),
    },
    resolve: (_root, { folder, ...args }, context) =>
      listConnection<DatasetFolderRow>(
        context,
        listDatasetFolders(folder ?? ''),
        'NAME',
        context.scope.projectId,
        args,
      ),
  }),
)
