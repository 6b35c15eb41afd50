/**
 * The one way items get into a dataset: staged without any lock, however long that takes, then matched and written
 * under the dataset's lock in a handful of set-based statements. All in the caller's transaction.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { advanceDatasetVersion } from '../../db/sql/dataset/advance-version.ts'
import { closeDatasetRevisions } from '../../db/sql/dataset/close-revisions.ts'
import { insertDatasetItems } from '../../db/sql/dataset/insert-items.ts'
import { insertDatasetRevisions } from '../../db/sql/dataset/insert-revisions.ts'
import { moveDatasetItems } from '../../db/sql/dataset/move-items.ts'
import { copyIntoStaging, type StagedItem, stagingLine } from '../../db/sql/dataset/staging-copy.ts'
import { createStaging } from '../../db/sql/dataset/staging-create.ts'
import { matchStaging } from '../../db/sql/dataset/staging-match.ts'
import { countMatches, type DatasetChangeCounts } from '../../db/sql/dataset/staging-match-counts.ts'

/** Characters that go to the server at once. */
const CHUNK = 64 * 1024

/** Stages items as they come; the source waits while the server is behind. */
export async function stageItems(
  client: pg.ClientBase,
  items: AsyncIterable<StagedItem> | Iterable<StagedItem>,
): Promise<void> {
  await createStaging(client)
  await pipeline(Readable.from(chunks(items), { objectMode: false }), copyIntoStaging(client))
}

async function* chunks(items: AsyncIterable<StagedItem> | Iterable<StagedItem>): AsyncGenerator<Buffer> {
  let text = ''
  let n = 0
  for await (const item of items) {
    text += stagingLine(item, ++n)
    if (text.length >= CHUNK) {
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text) yield Buffer.from(text)
}

/**
 * Writes what is staged into the dataset whose lock the caller holds: as its next version, or, if nothing differs, not
 * at all. Table `dataset_match` then says for each row which item it became.
 */
export async function writeStagedItems(
  client: pg.ClientBase,
  dataset: { id: string; version: number },
): Promise<DatasetChangeCounts & { version: number }> {
  await matchStaging(client, dataset.id)
  const counts = await countMatches(client)
  await moveDatasetItems(client)
  if (counts.added === 0 && counts.changed === 0) return { ...counts, version: dataset.version }
  const version = dataset.version + 1
  await closeDatasetRevisions(client, version)
  await insertDatasetItems(client, dataset.id)
  await insertDatasetRevisions(client, dataset.id, version)
  await advanceDatasetVersion(client, dataset.id, { ...counts, archived: 0 })
  return { ...counts, version }
}
