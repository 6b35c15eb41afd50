import type { Queryable } from '../../db/client.ts'
import { loadPages, type Page, type PageRequest } from '../../db/keyset.ts'
import { type DatasetItemFilter, listDatasetItemsAt } from '../../db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'

/** Maximum rows of a page; pages of large rows have fewer. */
export const maxPageRows = 1_000

/** All items of a dataset version, oldest first, in bounded memory. */
export async function* eachItem(
  db: Queryable,
  datasetId: string,
  version: number,
): AsyncGenerator<DatasetItemRevisionRow> {
  for await (const page of eachPage(db, datasetId, version)) yield* page
}

/** The items that a filter leaves of a dataset version, oldest first, page by page. */
export async function* eachPage(
  db: Queryable,
  datasetId: string,
  version: number,
  filter: DatasetItemFilter = {},
): AsyncGenerator<DatasetItemRevisionRow[]> {
  const list = listDatasetItemsAt(version, filter)
  for (let after: string[] | null = null; ; ) {
    const request: PageRequest = { limit: maxPageRows, backward: false, after, before: null }
    const [page]: Page<DatasetItemRevisionRow>[] = await loadPages<DatasetItemRevisionRow>(
      db,
      list,
      [datasetId],
      request,
    )
    if (!page) return
    yield page.rows
    if (!page.hasNextPage) return
    after = page.rows.at(-1)?.sortKey ?? after
  }
}
