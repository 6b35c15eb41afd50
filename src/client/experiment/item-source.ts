/** Where the items of a run come from, and in which order its results are. */
import { exportedLines } from '../lines.ts'
import type { Transport } from '../transport.ts'
import { contentOf, storeItems } from './local-data.ts'
import type { ExperimentItem, HostedItems, TaskItem } from './types.ts'

/** An item as the server has it. */
export interface StoredItem {
  datasetItemId: string
  key: string | null
  input: unknown
  expectedOutput: unknown
  metadata: unknown
  tags: string[]
}

export interface ItemSource {
  dataset: { id: string; version: number }
  /** Whether the caller knows the dataset. */
  hosted: boolean
  /** The item to call the task with. */
  itemOf(stored: StoredItem): TaskItem
  /** The places of the dataset items in the results, by id. */
  order(): Promise<Map<string, number>>
}

export function hostedSource(transport: Transport, dataset: HostedItems<ExperimentItem>): ItemSource {
  const { id, version } = dataset
  return {
    dataset: { id, version },
    hosted: true,
    itemOf: ({ datasetItemId, key, input, expectedOutput, metadata, tags }) => ({
      id: datasetItemId,
      datasetId: id,
      key,
      input: input,
      ...(expectedOutput !== null && { expectedOutput }),
      ...(metadata !== null && { metadata }),
      tags,
    }),
    async order() {
      const places = new Map<string, number>()
      const lines = exportedLines(transport, `/export/datasets/${id}.jsonl?version=${version}`)
      for await (const line of lines) places.set((line as { id: string }).id, places.size)
      return places
    },
  }
}

/** Stores local items; tasks and results have them as they were given, not as they come back. */
export async function localSource(
  transport: Transport,
  datasetName: string,
  items: readonly ExperimentItem[],
): Promise<ItemSource> {
  const dataset = await storeItems(transport, datasetName, items)
  const byContent = new Map<string, number[]>()
  for (const [index, item] of items.entries()) {
    const content = contentOf(item)
    const known = byContent.get(content)
    if (known) known.push(index)
    else byContent.set(content, [index])
  }
  const places = new Map<string, number>()
  return {
    dataset,
    hosted: false,
    itemOf(stored) {
      const { datasetItemId } = stored
      const place = places.get(datasetItemId) ?? byContent.get(contentOf(stored as ExperimentItem))?.shift()
      if (place === undefined)
        throw new Error(`Expected an item of the data, got ${datasetItemId} of the dataset "${datasetName}".`)
      places.set(datasetItemId, place)
      const item = items[place] as ExperimentItem
      return { ...item, id: datasetItemId, datasetId: dataset.id }
    },
    order: () => Promise.resolve(places),
  }
}
