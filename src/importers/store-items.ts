import { createHash } from 'node:crypto'
import { payloadOf } from '../client/answers.ts'
import { canonicalJson } from '../client/canonical-json.ts'
import { type Assay, type Dataset, RefusedError } from '../client/index.ts'
import { StoreItems } from './operations.ts'
import type { ImportedItem, Left } from './results.ts'
import { batches, storableJson } from './storable.ts'

export interface StoredItems {
  id: string
  name: string
  version: number
  itemCount: number
  added: number
  changed: number
  /** The ids of the items, in the order of the file. */
  itemIds: string[]
}

const maxItems = 1_000
/** The server takes requests of 4 MB. */
const maxBytes = 1_500_000

/** Adds the items to a dataset, which is created if it does not exist; those that it has already stay as they are. */
export async function storeItems(
  assay: Assay,
  name: string,
  items: readonly ImportedItem[],
  left: Left,
): Promise<StoredItems> {
  const dataset = await findOrCreate(assay, name)
  const stored = { id: dataset.id, name, version: dataset.version, itemCount: dataset.itemCount, added: 0, changed: 0 }
  const itemIds: string[] = []
  const inputs = withKeys(items).map((item) => storableJson(item, left) as ImportedItem)
  for (const batch of batches(inputs, maxItems, maxBytes)) {
    const input = { datasetId: dataset.id, items: batch }
    const payload = payloadOf((await assay.request(StoreItems, { input })).upsertDatasetItems)
    stored.added += payload.added
    stored.changed += payload.changed
    Object.assign(stored, payload.dataset)
    itemIds.push(...payload.items.map(({ item }) => item.id))
  }
  return { ...stored, itemIds }
}

/** Items are matched by their input: of equal inputs all but the first get a key. */
function withKeys(items: readonly ImportedItem[]): ImportedItem[] {
  const seen = new Map<string, number>()
  return items.map((item) => {
    if (item.key !== null) return item
    const digest = createHash('sha256').update(canonicalJson(item.input)).digest('hex').slice(0, 12)
    const count = (seen.get(digest) ?? 0) + 1
    seen.set(digest, count)
    return count === 1 ? item : { ...item, key: `${digest}-${count}` }
  })
}

async function findOrCreate(assay: Assay, name: string): Promise<Dataset> {
  try {
    return await assay.getDataset(name)
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === 'NOT_FOUND')) throw error
    return assay.datasets.create({ name })
  }
}
