import { loadPages, type Page } from '../../src/db/keyset.ts'
import { type DatasetItemFilter, listDatasetItemsAt } from '../../src/db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { resolveVersion } from '../../src/engine/datasets/resolve-version.ts'
import type { TestEngine } from './engine.ts'

/** The items to list, by default the first 10,000 of the current version. */
export interface DatasetItemQuery extends DatasetItemFilter {
  version?: number | null
  asOf?: Date | null
  first?: number
  last?: number
  /** Item ids. */
  after?: string | null
  before?: string | null
}

/** A page of the items of a dataset. */
export async function listDatasetItems(
  { db }: TestEngine,
  scope: Scope,
  datasetId: string,
  { first = 10_000, last, after, before, ...query }: DatasetItemQuery = {},
): Promise<Page<DatasetItemRevisionRow>> {
  const { projectId } = scope
  const dataset = await db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId, projectId } })
  const version = await resolveVersion(db, dataset, query)
  const request = {
    limit: last ?? first,
    backward: last !== undefined,
    after: after == null ? null : [after],
    before: before == null ? null : [before],
  }
  const [page] = await loadPages<DatasetItemRevisionRow>(
    db.pool,
    listDatasetItemsAt(version, query),
    [datasetId],
    request,
  )
  if (!page) throw new Error('Expected a page for each dataset.')
  return page
}
