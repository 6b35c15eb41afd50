/** The items of a dataset, as the API reads and writes them. */
import { eachNode, payloadOf } from './answers.ts'
import type { ExperimentItem } from './experiment/types.ts'
import type { DatasetPartsFragment } from './gql/graphql.ts'
import { ArchiveDatasetItems, ListDatasetItems, UpsertDatasetItems } from './operations/dataset.ts'
import type { Transport } from './transport.ts'

/** A stored item. */
// biome-ignore lint/suspicious/noExplicitAny: stored items are of any type unless the caller says so
export interface DatasetItem<Input = any, Expected = any, Metadata = any>
  extends ExperimentItem<Input, Expected, Metadata> {
  id: string
  datasetId: string
  key: string | null
  tags: string[]
}

/** The maximum of items in a request. */
const maxItems = 1_000

/** The items of a version, 100 at a time. */
export async function* eachItem<Input, Expected, Metadata>(
  transport: Transport,
  { id, version }: { id: string; version: number },
): AsyncGenerator<DatasetItem<Input, Expected, Metadata>> {
  if (version === 0) return
  const nodes = eachNode(async (after) => {
    const { node } = await transport.request(ListDatasetItems, { id, version, after })
    return node && 'items' in node ? node.items : null
  })
  for await (const { item, key, input, expectedOutput, metadata, tags } of nodes) {
    yield {
      id: item.id,
      datasetId: id,
      key,
      input: input as Input,
      ...(expectedOutput !== null && { expectedOutput: expectedOutput as Expected }),
      ...(metadata !== null && { metadata: metadata as Metadata }),
      tags,
    }
  }
}

/** @returns the dataset as it is then; null without items */
export async function upsertItems(
  transport: Transport,
  datasetId: string,
  items: readonly ExperimentItem[],
): Promise<DatasetPartsFragment | null> {
  let latest: DatasetPartsFragment | null = null
  for (const chunk of chunks(items)) {
    const input = { datasetId, items: chunk.map(itemInput) }
    latest = payloadOf((await transport.request(UpsertDatasetItems, { input })).upsertDatasetItems).dataset
  }
  return latest
}

/** @returns the dataset as it is then; null without items */
export async function archiveItems(
  transport: Transport,
  datasetId: string,
  itemIds: readonly string[],
): Promise<DatasetPartsFragment | null> {
  let latest: DatasetPartsFragment | null = null
  for (const chunk of chunks(itemIds)) {
    const input = { datasetId, itemIds: chunk }
    latest = payloadOf((await transport.request(ArchiveDatasetItems, { input })).archiveDatasetItems).dataset
  }
  return latest
}

/** An item as the API takes it. */
export function itemInput({ key, input, expectedOutput, metadata, tags }: ExperimentItem) {
  return {
    input: input ?? null,
    ...(key != null && { key }),
    ...(expectedOutput !== undefined && { expectedOutput }),
    ...(metadata !== undefined && { metadata }),
    ...(tags !== undefined && { tags }),
  }
}

function* chunks<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += maxItems) yield all.slice(from, from + maxItems)
}
