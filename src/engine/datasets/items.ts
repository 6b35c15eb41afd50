import type { ClientBase } from 'pg'
import { type Queryable, transaction } from '../../db/client.ts'
import type { Dataset } from '../../db/generated/prisma/client.ts'
import { findUnknownAttachments } from '../../db/sql/attachment/use.ts'
import { archiveRevisions, restoreRevisions } from '../../db/sql/dataset/archive-revisions.ts'
import { loadDatasetItems } from '../../db/sql/dataset/load-items.ts'
import { loadLatestRevisions } from '../../db/sql/dataset/load-revisions.ts'
import { type DatasetHead, lockDataset } from '../../db/sql/dataset/lock-dataset.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'
import {
  type DatasetChangeCounts,
  findKeyConflicts,
  loadMatchedItemIds,
  type StagedItem,
} from '../../db/sql/dataset/staging.ts'
import { advanceVersion } from '../../db/sql/dataset/versions.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { checkEach, requireCount, requireOnce } from '../bulk.ts'
import type { Services } from '../services.ts'
import { datasetNotFound } from './datasets.ts'
import { expectedAttachment, type ItemContent, ItemProblem, prepareItem } from './item-content.ts'
import { findMisfits } from './item-schema.ts'
import { stageItems, writeStagedItems } from './write-items.ts'

/**
 * An item to write. It is found by `id`, else by `key`, else by its input (the n-th item with that input); if there is
 * none, it is added. All content is replaced; with `id`, a missing `key` leaves the key unchanged.
 */
export interface UpsertItem extends ItemContent {
  /** Logical id of an item of this dataset. */
  id?: string | null
}

interface UpsertedItems extends DatasetChangeCounts {
  dataset: Dataset
  /** In input order. */
  items: DatasetItemRevisionRow[]
}

/**
 * Writes 1–1,000 items, all or none, as one new version; without changes there is none.
 * @throws {InvalidInputError} naming the item and field; {NotFoundError} for the dataset or an id; {ConflictError} when
 *   a key belongs to another item; {LimitError} when the project has no storage left.
 */
export async function upsertDatasetItems(
  services: Services,
  scope: Scope,
  input: { datasetId: string; items: readonly UpsertItem[] },
): Promise<UpsertedItems> {
  requireWrite(scope)
  const { datasetId, items } = input
  requireCount(items.length, ['items'], 'Import a file for more.')
  const written = await transaction(services.db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, datasetId)
    if (!dataset) throw datasetNotFound(datasetId, ['datasetId'])
    const keys = await keysOfNamed(client, scope, datasetId, items)
    const problems = await findMisfits(dataset, items, scope.projectId)
    await stageItems(client, prepareAll(items, keys, problems))
    const [conflict] = (await findKeyConflicts(client, datasetId, 1)).conflicts
    if (conflict) {
      const { line, key, itemId } = conflict
      const path = ['items', String(line - 1), 'key']
      const owner = encodeGlobalId('DatasetItem', itemId)
      throw new ConflictError(`The key "${key}" belongs to item ${owner} of this dataset. Use another key.`, path)
    }
    const [unknown] = (await findUnknownAttachments(client, scope.projectId, 1)).unknown
    if (unknown) throw attachmentNotFound(items, unknown)
    const { added, changed, unchanged } = await writeStagedItems(client, scope, dataset)
    const ids = await loadMatchedItemIds(client)
    const rows = await loadLatestRevisions(client, ids)
    const byId = new Map(rows.map((row) => [row.itemId, row]))
    return { added, changed, unchanged, items: ids.flatMap((id) => byId.get(id) ?? []) }
  })
  return { ...written, dataset: await services.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } }) }
}

function attachmentNotFound(items: readonly UpsertItem[], { line, id }: { line: number; id: string }): NotFoundError {
  const globalId = encodeGlobalId('Attachment', id)
  const { input, expectedOutput = null } = items[line - 1] ?? { input: null }
  const field = [{ input }, { expectedOutput }].find((one) => JSON.stringify(one).includes(globalId)) ?? { metadata: 0 }
  return new NotFoundError(`Expected ${expectedAttachment}, got ${globalId}.`, [
    ...['items', String(line - 1)],
    ...Object.keys(field),
  ])
}

/** The current keys of the items that are identified by id. */
async function keysOfNamed(
  client: ClientBase,
  scope: Scope,
  datasetId: string,
  items: readonly UpsertItem[],
): Promise<Map<string, string | null>> {
  requireOnce(
    items,
    'item',
    (index) => ['items', String(index), 'id'],
    ({ id }) => id ?? null,
  )
  const seen = new Map(items.flatMap(({ id }, index) => (id == null ? [] : [[id, index] as const])))
  const rows = await loadDatasetItems(client, scope.projectId, [...seen.keys()].filter(isItemId))
  const keys = new Map(rows.flatMap((row) => (row.datasetId === datasetId ? [[row.id, row.key]] : [])))
  for (const [id, index] of seen) {
    if (!keys.has(id)) throw itemNotFound(['items', String(index), 'id'])
  }
  return keys
}

function prepareAll(
  items: readonly UpsertItem[],
  keysOfNamed: ReadonlyMap<string, string | null>,
  problems: readonly (ItemProblem | null)[],
): StagedItem[] {
  const prepared = checkEach(items, (item, index) => {
    const at = (field: string) => ['items', String(index), ...field.split('/')]
    try {
      const misfit = problems[index]
      if (misfit) throw misfit
      const named = item.id == null ? null : keysOfNamed.get(item.id)
      return prepareItem({ ...item, key: item.key ?? named ?? null }, index + 1, item.id ?? null)
    } catch (error) {
      if (!(error instanceof ItemProblem)) throw error
      throw new InvalidInputError(`Expected ${error.expected}, got ${error.got}.`, at(error.field))
    }
  })
  requireOnce(
    prepared,
    'key',
    (index) => ['items', String(index), 'key'],
    ({ key }) => key,
  )
  return prepared
}

/**
 * Archives 1–1,000 items of the dataset, as one new version; earlier versions keep them. Already archived items are
 * ignored.
 * @throws {NotFoundError} for the dataset or an id.
 */
export async function archiveDatasetItems(
  services: Services,
  scope: Scope,
  input: { datasetId: string; itemIds: readonly string[] },
): Promise<{ dataset: Dataset; archived: number }> {
  requireWrite(scope)
  const { dataset, count } = await changeItems(services, scope, input, async (client, { id, version }) => {
    const count = await archiveRevisions(client, id, input.itemIds, version + 1)
    if (count > 0) await advanceVersion(client, id, { added: 0, changed: 0, archived: count })
    return count
  })
  return { dataset, archived: count }
}

/**
 * Brings 1–1,000 archived items back with the content they had, all or none, as one new version. Items that are not
 * archived are ignored.
 * @throws {NotFoundError} for the dataset or an id; {InvalidInputError} for items that no longer fit the schemas.
 */
export async function restoreDatasetItems(
  services: Services,
  scope: Scope,
  input: { datasetId: string; itemIds: readonly string[] },
): Promise<{ dataset: Dataset; restored: number }> {
  requireWrite(scope)
  const { dataset, count } = await changeItems(services, scope, input, async (client, head) => {
    const latest = await loadLatestRevisions(client, input.itemIds)
    const contents = new Map(latest.map((revision) => [revision.itemId, revision]))
    const restored = input.itemIds.map((id) => contents.get(id) as DatasetItemRevisionRow)
    const problems = await findMisfits(head, restored, scope.projectId)
    checkEach(problems, (problem, index) => {
      if (!problem) return
      throw new InvalidInputError(`Expected ${problem.expected}, got ${problem.got}.`, ['itemIds', String(index)])
    })
    const count = await restoreRevisions(client, head.id, input.itemIds, head.version + 1)
    if (count > 0) await advanceVersion(client, head.id, { added: count, changed: 0, archived: 0 })
    return count
  })
  return { dataset, restored: count }
}

/** Locks the dataset and changes items that exist in it, in any version. Returns how many `change` has changed. */
async function changeItems(
  services: Services,
  scope: Scope,
  { datasetId, itemIds }: { datasetId: string; itemIds: readonly string[] },
  change: (client: ClientBase, dataset: DatasetHead) => Promise<number>,
): Promise<{ dataset: Dataset; count: number }> {
  requireCount(itemIds.length, ['itemIds'])
  requireOnce(itemIds, 'item', (index) => ['itemIds', String(index)], String)
  const count = await transaction(services.db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, datasetId)
    if (!dataset) throw datasetNotFound(datasetId, ['datasetId'])
    await requireItems(client, { projectId: scope.projectId, datasetId }, itemIds, ['itemIds'])
    return change(client, dataset)
  })
  return { count, dataset: await services.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } }) }
}

/** @throws {NotFoundError} the first id that is of no item of the dataset in any version; its message lists the others */
export async function requireItems(
  client: Queryable,
  { projectId, datasetId }: { projectId: string; datasetId: string },
  itemIds: readonly string[],
  path: string[],
): Promise<void> {
  const rows = await loadDatasetItems(client, projectId, itemIds.filter(isItemId))
  const known = new Set(rows.filter((row) => row.datasetId === datasetId).map((row) => row.id))
  checkEach(itemIds, (id, index) => {
    if (!known.has(id)) throw itemNotFound([...path, String(index)])
  })
}

/** Whether this can be the id of a row; anything else would be a database error. */
function isItemId(id: string): boolean {
  return /^\d{1,18}$/.test(id)
}

export function itemNotFound(path: string[]): NotFoundError {
  return new NotFoundError('There is no such item in this dataset.', path)
}
