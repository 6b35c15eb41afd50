/** Which items of a dataset something is done with: some, by their ids, or all that a filter leaves. */
import type { Queryable } from '../../db/client.ts'
import type { DatasetItemFilter } from '../../db/sql/dataset/list-items.ts'
import { loadRevisionsAt } from '../../db/sql/dataset/load-revisions.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'
import type { Scope } from '../../domain/scope.ts'
import { checkEach, requireCount, requireOnce } from '../bulk.ts'
import { eachPage } from './each-item.ts'
import { itemNotFound, requireItems } from './items.ts'

/** 1–1,000 items by id, or any number by filter. */
export type ItemSelection = { itemIds: readonly string[] } | { filter: DatasetItemFilter }

/**
 * The selected items as they are in a version, page by page, in bounded memory: those with ids in the order of the ids,
 * the others oldest first.
 * @param path of the selection in the caller's input
 * @throws {InvalidInputError} an id that is there twice
 * @throws {NotFoundError} an id that is of no item in this version
 */
export async function* selectItems(
  db: Queryable,
  { projectId }: Scope,
  { datasetId, version }: { datasetId: string; version: number },
  selection: ItemSelection,
  path: string[],
): AsyncGenerator<DatasetItemRevisionRow[]> {
  if (!('itemIds' in selection)) return yield* eachPage(db, datasetId, version, selection.filter)
  const { itemIds } = selection
  requireCount(itemIds.length, [...path, 'itemIds'], 'Select by filter to take more.')
  requireOnce(itemIds, 'item', (index) => [...path, 'itemIds', String(index)], String)
  await requireItems(db, { projectId, datasetId }, itemIds, [...path, 'itemIds'])
  const keys = itemIds.map((itemId) => ({ itemId, version }))
  const found = await loadRevisionsAt(db, keys)
  yield checkEach(itemIds, (_id, index) => {
    const row = found[index]
    if (!row) throw itemNotFound([...path, 'itemIds', String(index)])
    return row
  })
}
