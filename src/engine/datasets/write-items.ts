/**
 * The only path of items into a dataset: staged without any lock, however long that takes, then matched and written
 * under the dataset's lock in a handful of set-based statements. All in the caller's transaction.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { insertAttachmentUses } from '../../db/sql/attachment/use.ts'
import {
  copyIntoStaging,
  countMatches,
  createStaging,
  type DatasetChangeCounts,
  matchStaging,
  type StagedItem,
  stagingLine,
} from '../../db/sql/dataset/staging.ts'
import { advanceVersion } from '../../db/sql/dataset/versions.ts'
import { closeRevisions, insertItems, insertRevisions, moveItems } from '../../db/sql/dataset/write-items.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { requireStorage } from '../projects/quotas.ts'

/** Characters sent to the server at once. */
const chunkLength = 64 * 1024

/** Stages items as they arrive, with back-pressure from the server. */
export async function stageItems(
  client: pg.ClientBase,
  items: AsyncIterable<StagedItem> | Iterable<StagedItem>,
): Promise<void> {
  await createStaging(client)
  await pipeline(Readable.from(chunks(items), { objectMode: false }), copyIntoStaging(client))
}

/** Stages items page by page; the connection is free while the next page is made, so that it can be read with it. */
export async function stagePages(client: pg.ClientBase, pages: AsyncIterable<readonly StagedItem[]>): Promise<void> {
  await createStaging(client)
  let staged = 0
  for await (const page of pages) {
    await pipeline(Readable.from(chunks(page, staged), { objectMode: false }), copyIntoStaging(client))
    staged += page.length
  }
}

async function* chunks(items: AsyncIterable<StagedItem> | Iterable<StagedItem>, before = 0): AsyncGenerator<Buffer> {
  let text = ''
  let n = before
  for await (const item of items) {
    text += stagingLine(item, ++n)
    if (text.length >= chunkLength) {
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text) yield Buffer.from(text)
}

/**
 * Writes the staged items into the dataset, which the caller has locked, as its next version, or not at all if nothing
 * has changed. Table `dataset_match` then maps each row to its item.
 * @throws {LimitError} there are changes, and the project has no storage left
 */
export async function writeStagedItems(
  client: pg.ClientBase,
  { projectId }: ProjectScope,
  dataset: { id: string; version: number },
): Promise<DatasetChangeCounts & { version: number }> {
  await matchStaging(client, dataset.id)
  const counts = await countMatches(client)
  await moveItems(client)
  if (counts.added === 0 && counts.changed === 0) return { ...counts, version: dataset.version }
  await requireStorage(client, projectId)
  const version = dataset.version + 1
  await closeRevisions(client, version)
  await insertItems(client, dataset.id)
  await insertRevisions(client, dataset.id, version)
  await insertAttachmentUses(client)
  await advanceVersion(client, dataset.id, { ...counts, archived: 0 })
  return { ...counts, version }
}
