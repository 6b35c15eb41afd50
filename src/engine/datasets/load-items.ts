import type { Database } from '../../db/client.ts'
import { loadPages } from '../../db/keyset.ts'
import { listDatasetItemsAt } from '../../db/sql/dataset/list-items.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'
import { findVersionAt } from '../../db/sql/dataset/versions.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { datasetNotFound } from './datasets.ts'

interface DatasetItemPage {
  rows: DatasetItemRevisionRow[]
  hasNext: boolean
  hasPrevious: boolean
}

/** The items to list, by default from the current version. */
export interface DatasetItemQuery {
  version?: number | null
  /** The version that was current at this moment. */
  asOf?: Date | null
  /** Text anywhere in the input or the expected output, ignoring case. */
  search?: string | null
  /** Items with all of these tags. */
  tags?: readonly string[] | null
  /** Maximum rows; exactly one of `first` and `last`. */
  first?: number | null
  last?: number | null
  /** Item ids. */
  after?: string | null
  before?: string | null
}

/**
 * A page of a dataset's items, in the order in which they were added.
 * @throws {NotFoundError}; {InvalidInputError} for a version that does not exist or for both `version` and `asOf`.
 */
export async function listDatasetItems(
  db: Database,
  scope: ProjectScope,
  datasetId: string,
  query: DatasetItemQuery,
): Promise<DatasetItemPage> {
  const version = await resolveVersion(db, scope, datasetId, query)
  const [page] = await loadPages<DatasetItemRevisionRow>(db.pool, listDatasetItemsAt(version, query), [datasetId], {
    limit: query.last ?? query.first ?? 0,
    backward: query.last != null,
    after: query.after == null ? null : [query.after],
    before: query.before == null ? null : [query.before],
  })
  return {
    rows: page?.rows ?? [],
    hasNext: page?.hasNextPage ?? false,
    hasPrevious: page?.hasPreviousPage ?? false,
  }
}

/**
 * The requested version: the current one, unless a number or a moment is given.
 * @throws {NotFoundError}; {InvalidInputError} as in `listDatasetItems`.
 */
export async function resolveVersion(
  db: Database,
  scope: ProjectScope,
  datasetId: string,
  { version, asOf }: { version?: number | null; asOf?: Date | null },
): Promise<number> {
  if (version != null && asOf != null) {
    throw new InvalidInputError('Expected either a version or a moment, got both.', ['asOf'])
  }
  const dataset = await db.prisma.dataset.findFirst({
    where: { id: datasetId, projectId: scope.projectId },
    select: { version: true },
  })
  if (!dataset) throw datasetNotFound(datasetId)
  if (asOf != null) return findVersionAt(db.pool, datasetId, asOf)
  if (version == null) return dataset.version
  if (!Number.isInteger(version) || version < 0 || version > dataset.version) {
    throw new InvalidInputError(`Expected a version from 0 to ${dataset.version}, got ${version}.`, ['version'])
  }
  return version
}
