import type { Dataset } from '../../src/db/generated/prisma/client.ts'
import { listDatasets } from '../../src/db/sql/dataset/list-datasets.ts'
import { builder } from '../builder.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { DatasetConnection } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

const DatasetFilter = builder.inputType('DatasetFilter', {
  description: 'Which datasets; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their name or description.' }),
    metadata: t.field({ type: 'JSON', description: 'Only those whose metadata contains this.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only those created in this period.' }),
    folder: t.string({
      description: 'Only those directly in this folder: `a` has `a/b`, not `a/b/c`. The empty text is the root.',
    }),
  }),
})

const order = listOrder({
  type: 'Dataset',
  rows: 'datasets',
  fields: {
    NAME: 'Their names, which keeps `/` groups together.',
    CREATED_AT: 'When they were created.',
    UPDATED_AT: 'When they or their items were last changed.',
    ITEM_COUNT: 'How many items they have.',
  },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryField('datasets', (t) =>
  t.field({
    type: DatasetConnection,
    description: 'All datasets, by default by name.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: DatasetFilter, description: 'Which datasets; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const by = order.read(args.orderBy)
      return listConnection<Dataset>(
        context,
        listDatasets(args.filter ?? {}, by),
        by.name,
        context.scope.projectId,
        args,
      )
    },
  }),
)
