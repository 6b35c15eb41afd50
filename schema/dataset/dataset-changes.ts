import { type DatasetItemChangeRow, listDatasetItemChanges } from '../../src/db/sql/dataset/list-changes.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { resolveVersion } from '../../src/engine/datasets/resolve-version.ts'
import { builder } from '../builder.ts'
import {
  DatasetItemChangeConnection,
  DatasetItemChangeRef,
  DatasetItemRef,
  DatasetItemRevisionRef,
  DatasetRef,
} from '../refs.ts'
import { listConnection } from '../relay/connection.ts'

const DatasetItemChangeKind = builder.enumType('DatasetItemChangeKind', {
  description: 'What became of an item from one version to another.',
  values: {
    ADDED: { description: 'Only the later version has it.' },
    CHANGED: { description: 'Its content differs.' },
    ARCHIVED: { description: 'Only the earlier version has it.' },
  },
})

DatasetItemChangeRef.implement({
  description: 'An item that differs between two versions of a dataset.',
  fields: (t) => ({
    kind: t.field({
      type: DatasetItemChangeKind,
      description: 'What became of it.',
      resolve: ({ before, after }) => (before === null ? 'ADDED' : after === null ? 'ARCHIVED' : 'CHANGED'),
    }),
    item: t.field({
      type: DatasetItemRef,
      description: 'The item.',
      resolve: ({ itemId }) => ({ id: itemId }),
    }),
    before: t.field({
      type: DatasetItemRevisionRef,
      nullable: true,
      description: 'Its content in the earlier version; null if that does not have it.',
      resolve: ({ itemId, before }, _args, { loaders }) =>
        before === null ? null : loaders.revision.load({ itemId, validFrom: before }),
    }),
    after: t.field({
      type: DatasetItemRevisionRef,
      nullable: true,
      description: 'Its content in the later version; null if that does not have it.',
      resolve: ({ itemId, after }, _args, { loaders }) =>
        after === null ? null : loaders.revision.load({ itemId, validFrom: after }),
    }),
  }),
})

builder.objectField(DatasetRef, 'changes', (t) =>
  t.field({
    type: DatasetItemChangeConnection,
    description: 'The items that differ between two versions, oldest item first.',
    args: {
      ...t.arg.connectionArgs(),
      from: t.arg.int({ description: 'The earlier version; default: the one before `to`.' }),
      to: t.arg.int({ description: 'The later version; default: the current one.' }),
    },
    resolve: async (dataset, { from, to, ...args }, context) => {
      const later = await resolveVersion(context.services.db, dataset, { version: to })
      const earlier = from ?? Math.max(0, later - 1)
      if (earlier < 0 || earlier > later) {
        throw new InvalidInputError(`Expected \`from\` to be a version from 0 to ${later}, got ${earlier}.`, ['from'])
      }
      const list = listDatasetItemChanges(earlier, later)
      return listConnection<DatasetItemChangeRow>(context, list, `CHANGES ${earlier}-${later}`, dataset.id, args)
    },
  }),
)
