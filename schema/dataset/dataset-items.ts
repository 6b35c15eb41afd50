import type { Dataset } from '../../src/db/generated/prisma/client.ts'
import { listDatasetItemsAt } from '../../src/db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import { resolveVersion } from '../../src/engine/datasets/resolve-version.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { type ConnectionArguments, isUnfiltered, listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

export const DatasetItemFilter = builder.inputType('DatasetItemFilter', {
  description: 'Which items of a dataset; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their key, input or expected output.' }),
    tags: t.stringList({ description: 'Only those with all of these tags.' }),
    key: t.string({ description: 'Only the one with this key.' }),
    metadata: t.field({ type: 'JSON', description: 'Only those whose metadata contains this.' }),
  }),
})

export const datasetItemOrder = listOrder({
  type: 'DatasetItem',
  rows: 'the items of a dataset',
  fields: { ADDED: 'When they were first added.' },
  default: { field: 'ADDED', direction: 'ASC' },
})

/** One page of the items of a version of a dataset; their number is stored with each version. */
export async function datasetItemsConnection(
  context: Context,
  dataset: Dataset,
  args: ConnectionArguments & {
    version?: number | null
    asOf?: Date | null
    filter?: typeof DatasetItemFilter.$inferInput | null
    orderBy?: typeof datasetItemOrder.input.$inferInput | null
  },
) {
  const { db } = context.services
  const isCurrent = args.version == null && args.asOf == null
  const version = isCurrent ? 'current' : await resolveVersion(db, dataset, args)
  const totalCount = async () => {
    if (version === 'current') return dataset.itemCount
    if (version === 0) return 0
    const key = { datasetId: dataset.id, version }
    const stored = await db.prisma.datasetVersion.findUnique({ where: { datasetId_version: key } })
    return stored?.itemCount ?? null
  }
  const order = datasetItemOrder.read(args.orderBy)
  const list = listDatasetItemsAt(version, args.filter ?? {}, order.descending)
  const known = isUnfiltered(args.filter) ? totalCount : null
  return listConnection<DatasetItemRevisionRow>(context, list, order.name, dataset.id, args, known)
}

/** One page of the items that are not in the current version. */
export async function archivedItemsConnection(
  context: Context,
  dataset: Dataset,
  args: ConnectionArguments & { filter?: typeof DatasetItemFilter.$inferInput | null },
) {
  const list = listDatasetItemsAt('archived', args.filter ?? {})
  return listConnection<DatasetItemRevisionRow>(context, list, 'ADDED', dataset.id, args, null)
}
