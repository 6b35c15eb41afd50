import type { Database } from '../../src/db/client.ts'
import { loadPages } from '../../src/db/keyset.ts'
import { type DatasetItemFilter, listDatasetItemsAt } from '../../src/db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import type { ProjectScope } from '../../src/domain/scope.ts'
import { resolveVersion } from '../../src/engine/datasets/resolve-version.ts'

/** The items to list, by default from the current version. */
export interface DatasetItemQuery extends DatasetItemFilter {
  version?: number | null
  asOf?: Date | null
  /** Maximum rows; one of `first` and `last`. */
  first?: number | null
  last?: number | null
  /** Item ids. */
  after?: string | null
  before?: string | null
}

/** A page of a dataset's items, in the order in which they were added. */
export async function listDatasetItems(db: Database, scope: ProjectScope, datasetId: string, query: DatasetItemQuery) {
  const version = await resolveVersion(db, scope, datasetId, query)
  const [page] = await loadPages<DatasetItemRevisionRow>(db.pool, listDatasetItemsAt(version, query), [datasetId], {
    limit: query.last ?? query.first ?? 0,
    backward: query.last != null,
    after: query.after == null ? null : [query.after],
    before: query.before == null ? null : [query.before],
  })
  if (!page) throw new Error('there is no page')
  return { rows: page.rows, hasNext: page.hasNextPage, hasPrevious: page.hasPreviousPage }
}
