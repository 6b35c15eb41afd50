import type { Dataset } from '../../src/db/generated/prisma/client.ts'
import { type DatasetItemFilter, listDatasetItemsAt } from '../../src/db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import { resolveVersion } from '../../src/engine/datasets/resolve-version.ts'
import type { Context } from '../context.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'

/** One page of the items of a version of a dataset; their number is stored with each version. */
export async function datasetItemsConnection(
  context: Context,
  dataset: Dataset,
  args: ConnectionArguments & DatasetItemFilter & { version?: number | null; asOf?: Date | null },
) {
  const { services, scope } = context
  const isCurrent = args.version == null && args.asOf == null
  const version = isCurrent ? 'current' : await resolveVersion(services.db, scope, dataset.id, args)
  const totalCount = async () => {
    if (version === 'current') return dataset.itemCount
    if (version === 0) return 0
    const key = { datasetId: dataset.id, version }
    const stored = await services.db.prisma.datasetVersion.findUnique({ where: { datasetId_version: key } })
    return stored?.itemCount ?? null
  }
  const isFiltered = args.search != null || (args.tags?.length ?? 0) > 0
  const list = listDatasetItemsAt(version, args)
  return listConnection<DatasetItemRevisionRow>(context, list, 'ITEM', dataset.id, args, isFiltered ? null : totalCount)
}
