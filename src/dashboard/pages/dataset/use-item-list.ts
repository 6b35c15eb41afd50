/** The items that the page's address asks for, from any place in a list of any length. */
import { useEffect, useMemo, useState } from 'react'
import type { Client } from 'urql'
import { messageOf } from '../../components/answer.tsx'
import { useConnections } from '../../data/connections-provider.tsx'
import { PagedList, type RowList, SlotList } from '../../data/row-list.ts'
import { RowStore } from '../../data/row-store.ts'
import type { DatasetItemRowFragment } from '../../gql/graphql.ts'
import { archivedItems, countItems, datasetItems } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'

const rowsPerRequest = 100
/** What `countUpTo` stops at. */
const maxCount = 1_000

interface ItemList {
  list: RowList
  store: RowStore<DatasetItemRowFragment>
  /** How many there are; null while it is counted; `atLeast`: that many or more. */
  total: { count: number; atLeast: boolean } | null
}

/** @param itemCount of the current version */
export function useItemList(
  dataset: { id: string; version: number; itemCount: number },
  search: DatasetSearch,
): ItemList {
  const { rows: client } = useConnections()
  const { id, itemCount } = dataset
  const version = search.version ?? dataset.version
  const isCurrent = version === dataset.version
  const key = JSON.stringify(itemFilter(search) ?? null)
  const isArchived = search.archived ?? false
  const known = isCurrent && !isArchived && key === 'null' ? itemCount : null
  const [counted, setCounted] = useState<{ of: string; count: number; atLeast: boolean } | null>(null)
  const of = `${id} ${version} ${key}`

  useEffect(() => {
    if (known !== null || isArchived) return
    let wanted = true
    const filter = JSON.parse(key)
    void client
      .query(countItems, { id, version, filter })
      .toPromise()
      .then(({ data }) => {
        const items = data?.node && 'items' in data.node ? data.node.items : null
        if (!wanted || !items) return
        const count: number = items.totalCount ?? items.countUpTo ?? 0
        setCounted({ of, count, atLeast: items.totalCount == null && count >= maxCount })
      })
    return () => {
      wanted = false
    }
  }, [client, id, version, key, known, isArchived, of])

  const count = known ?? (!isArchived && counted?.of === of && !counted.atLeast ? counted.count : null)
  const source = useMemo(
    () => ({ client, id, version, isArchived, filter: JSON.parse(key), store: new RowStore<DatasetItemRowFragment>() }),
    [client, id, version, isArchived, key],
  )
  // A list of one page is read as such: its number need not be known first.
  const slotCount = known ?? (count !== null && count > rowsPerRequest ? count : null)
  const list = useMemo(() => (slotCount === null ? paged(source) : slots(source, slotCount)), [source, slotCount])
  const total = known !== null ? { count: known, atLeast: false } : !isArchived && counted?.of === of ? counted : null
  return { list, store: source.store, total }
}

interface Source {
  client: Client
  id: string
  version: number
  /** The items of no current version. */
  isArchived: boolean
  filter: object | null
  store: RowStore<DatasetItemRowFragment>
}

/** Every item has its slot from the start. */
function slots(source: Source, count: number): RowList {
  const load = async (chunk: number) => {
    const found: { id: string; slot: number }[] = []
    const end = Math.min(count, (chunk + 1) * rowsPerRequest)
    // A page of large rows may end early.
    for (let slot = chunk * rowsPerRequest; slot < end; ) {
      const { nodes } = await readPage(source, { skip: slot })
      for (const { item } of nodes) found.push({ id: item.id, slot: slot++ })
      if (nodes.length === 0) break
    }
    return found.filter(({ slot }) => slot < end)
  }
  return new SlotList({ count, slotsPerChunk: rowsPerRequest, load, forget: (id) => source.store.delete(id) })
}

function paged(source: Source): RowList {
  return new PagedList(async (after) => {
    const { nodes, pageInfo } = await readPage(source, { after })
    return {
      ids: nodes.map(({ item }) => item.id),
      endCursor: pageInfo.endCursor ?? null,
      hasNextPage: pageInfo.hasNextPage,
    }
  })
}

async function readPage(
  { client, store, isArchived, ...variables }: Source,
  place: { after?: string | null; skip?: number },
) {
  const { data, error } = isArchived
    ? await client.query(archivedItems, { id: variables.id, filter: variables.filter, after: place.after }).toPromise()
    : await client.query(datasetItems, { ...variables, ...place }).toPromise()
  if (error) throw new Error(messageOf(error))
  const node = data?.node
  const items = !node ? null : 'archivedItems' in node ? node.archivedItems : 'items' in node ? node.items : null
  if (!items) throw new Error('The dataset does not exist any more.')
  for (const row of items.nodes) store.set(row.item.id, row)
  return items
}
