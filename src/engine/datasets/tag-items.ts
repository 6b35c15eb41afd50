import { transaction } from '../../db/client.ts'
import type { Dataset } from '../../db/generated/prisma/client.ts'
import { lockDataset } from '../../db/sql/dataset/lock-dataset.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'
import type { DatasetChangeCounts, StagedItem } from '../../db/sql/dataset/staging.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { datasetNotFound } from './datasets.ts'
import { checkTags, ItemProblem, prepareItem } from './item-content.ts'
import { type ItemSelection, selectItems } from './select-items.ts'
import { stagePages, writeStagedItems } from './write-items.ts'

interface TagItemsInput {
  datasetId: string
  items: ItemSelection
  add?: readonly string[] | null
  remove?: readonly string[] | null
}

/**
 * Adds tags to items of the current version and removes others, as one new version; without changes there is none.
 * @throws {NotFoundError} for the dataset or an id; {InvalidInputError} for a tag, for too many on an item, or when there
 *   are none to add or remove; {LimitError} when the project has no storage left.
 */
export async function tagDatasetItems(
  { db }: Services,
  scope: Scope,
  { datasetId, items, add, remove }: TagItemsInput,
): Promise<Omit<DatasetChangeCounts, 'added'> & { dataset: Dataset }> {
  requireWrite(scope)
  const added = checked(add ?? [], 'add')
  const removed = new Set(checked(remove ?? [], 'remove'))
  if (added.length + removed.size === 0)
    throw new InvalidInputError('Expected tags to add or to remove, got none.', ['add'])
  const { changed, unchanged } = await transaction(db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, datasetId)
    if (!dataset) throw datasetNotFound(datasetId, ['datasetId'])
    const rows = selectItems(client, scope, { datasetId, version: dataset.version }, items, ['items'])
    const tagged = (tags: readonly string[]) => [...tags.filter((tag) => !removed.has(tag)), ...added]
    await stagePages(client, staged(rows, tagged))
    return writeStagedItems(client, scope, dataset)
  })
  return { changed, unchanged, dataset: await db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } }) }
}

function checked(tags: readonly string[], field: 'add' | 'remove'): readonly string[] {
  try {
    checkTags(tags)
    return tags
  } catch (error) {
    if (!(error instanceof ItemProblem)) throw error
    throw new InvalidInputError(`Expected ${error.expected}, got ${error.got}.`, [field])
  }
}

async function* staged(
  pages: AsyncIterable<DatasetItemRevisionRow[]>,
  tagged: (tags: readonly string[]) => string[],
): AsyncGenerator<StagedItem[]> {
  let line = 0
  for await (const page of pages) {
    yield page.map((row) => {
      line += 1
      try {
        return prepareItem({ ...row, tags: tagged(row.tags) }, line, row.itemId)
      } catch (error) {
        if (!(error instanceof ItemProblem)) throw error
        const id = encodeGlobalId('DatasetItem', row.itemId)
        throw new InvalidInputError(`Item ${id}: expected ${error.expected}, got ${error.got}.`, ['add'])
      }
    })
  }
}
