import { transaction } from '../../db/client.ts'
import type { Dataset } from '../../db/generated/prisma/client.ts'
import { lockDataset } from '../../db/sql/dataset/lock-dataset.ts'
import type { DatasetItemRevisionRow } from '../../db/sql/dataset/revision-row.ts'
import type { DatasetChangeCounts, StagedItem } from '../../db/sql/dataset/staging.ts'
import { ConflictError, InvalidInputError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { datasetNotFound } from './datasets.ts'
import { ItemProblem, prepareItem } from './item-content.ts'
import { findMisfits, type ItemSchemas } from './item-schema.ts'
import { resolveVersion } from './resolve-version.ts'
import { type ItemSelection, selectItems } from './select-items.ts'
import { stagePages, writeStagedItems } from './write-items.ts'

interface CopyItemsInput {
  /** The dataset they are in. */
  datasetId: string
  /** Of that dataset; default: the current one. */
  version?: number | null
  items: ItemSelection
  /** The dataset they are copied into. */
  toDatasetId: string
}

/**
 * Copies items into another dataset of the project, all or none, as one new version. They are matched as an import's:
 * an item with the same key, else with the same input, is changed, so copying again changes nothing.
 * @throws {NotFoundError} for a dataset or an id; {InvalidInputError} for a version that does not exist, or an item that
 *   does not fit the schemas of the other dataset; {ConflictError} when both are the same dataset.
 */
export async function copyDatasetItems(
  services: Services,
  scope: Scope,
  { datasetId, version, items, toDatasetId }: CopyItemsInput,
): Promise<DatasetChangeCounts & { dataset: Dataset }> {
  requireWrite(scope)
  const { db } = services
  if (datasetId === toDatasetId) {
    throw new ConflictError('Expected another dataset to copy into, got the same one.', ['toDatasetId'])
  }
  const source = await db.prisma.dataset.findFirst({ where: { id: datasetId, projectId: scope.projectId } })
  if (!source) throw datasetNotFound(datasetId, ['datasetId'])
  const from = { datasetId, version: await resolveVersion(db, source, { version }) }
  const counts = await transaction(db.pool, async (client) => {
    const dataset = await lockDataset(client, scope.projectId, toDatasetId)
    if (!dataset) throw datasetNotFound(toDatasetId, ['toDatasetId'])
    const pages = selectItems(client, scope, from, items, ['items'])
    await stagePages(client, staged(pages, dataset, scope.projectId))
    return writeStagedItems(client, scope, dataset)
  })
  return { ...counts, dataset: await db.prisma.dataset.findUniqueOrThrow({ where: { id: toDatasetId } }) }
}

async function* staged(
  pages: AsyncIterable<DatasetItemRevisionRow[]>,
  schemas: ItemSchemas,
  projectId: string,
): AsyncGenerator<StagedItem[]> {
  let line = 0
  for await (const page of pages) {
    const problems = await findMisfits(schemas, page, projectId)
    yield page.map((row, index) => {
      line += 1
      try {
        if (problems[index]) throw problems[index]
        return prepareItem(row, line)
      } catch (error) {
        throw error instanceof ItemProblem ? refused(row, error) : error
      }
    })
  }
}

function refused({ itemId }: DatasetItemRevisionRow, { field, expected, got }: ItemProblem): InvalidInputError {
  const id = encodeGlobalId('DatasetItem', itemId)
  return new InvalidInputError(`Item ${id}, ${field}: expected ${expected}, got ${got}.`, ['items'])
}
