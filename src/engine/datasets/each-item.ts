import type { Queryable } from '../../db/client.ts'
import { loadPages } from '../../db/keyset.ts'
import type { DatasetItemRow } from '../../db/sql/dataset/item-row.ts'
import { listDatasetItemsAt } from '../../db/sql/dataset/list-items.ts'
import { adaptivePages } from './adaptive-page-size.ts'

/** All items of a dataset version, oldest first, in bounded memory. */
export function eachItem(db: Queryable, datasetId: string, version: number): AsyncGenerator<DatasetItemRow> {
  const list = listDatasetItemsAt(version)
  return adaptivePages(async (after: DatasetItemRow | null, limit) => {
    const request = { limit, backward: false, after: after && [after.id], before: null }
    const [page] = await loadPages<DatasetItemRow>(db, list, [datasetId], request)
    return page?.rows ?? []
  })
}
