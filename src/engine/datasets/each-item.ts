import type { Queryable } from '../../db/client.ts'
import { loadPages, type Page, type PageRequest } from '../../db/keyset.ts'
import type { DatasetItemRow } from '../../db/sql/dataset/item-row.ts'
import { listDatasetItemsAt } from '../../db/sql/dataset/list-items.ts'

/** Maximum rows of a page; pages of large rows have fewer. */
export const maxPageRows = 1_000

/** All items of a dataset version, oldest first, in bounded memory. */
export async function* eachItem(db: Queryable, datasetId: string, version: number): AsyncGenerator<DatasetItemRow> {
  const list = listDatasetItemsAt(version)
  for (let after: string[] | null = null; ; ) {
    const request: PageRequest = { limit: maxPageRows, backward: false, after, before: null }
    const [page]: Page<DatasetItemRow>[] = await loadPages<DatasetItemRow>(db, list, [datasetId], request)
    if (!page) return
    yield* page.rows
    if (!page.hasNextPage) return
    after = page.rows.at(-1)?.sortKey ?? after
  }
}
