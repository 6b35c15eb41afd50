/** The list that the page's address asks for: all items in their order, or what filters and another order make of them. */
import { useMemo, useState } from 'react'
import { type BaselineCells, comparedItems } from '../../data/comparison-items.ts'
import { useConnections } from '../../data/connections-provider.tsx'
import type { RowList } from '../../data/row-list.ts'
import type { RowStore } from '../../data/row-store.ts'
import { allItems, filteredItems } from '../../data/run-items.ts'
import type { ComparisonFilter, ComparisonOrder, RunItemRowFragment } from '../../gql/graphql.ts'
import type { RunPageRun } from './run-query.ts'
import { isFiltered, itemFilter, itemOrder, needsComparison, type RunSearch } from './run-search.ts'

interface Options {
  run: RunPageRun
  baselineId: string | null
  search: RunSearch
  store: RowStore<RunItemRowFragment>
  /** What the baseline says of the rows. */
  cells: RowStore<BaselineCells>
}

interface ItemList {
  list: RowList
  /** Whether these are all items in the order of execution: each has its slot. */
  inOrder: boolean
  /** Items finished since the list was read: they may belong elsewhere in it. 0 for a list in the order of execution. */
  outdated: number
  /** Reads the list again. */
  refresh: () => void
  /** Reads what the filters leave, at most so many items; rejects with what to tell the person. */
  collect: (limit: number) => Promise<{ items: RunItemRowFragment[]; more: boolean }>
}

export function useItemList({ run, baselineId, search, store, cells }: Options): ItemList {
  const { rows: client } = useConnections()
  const [reading, setReading] = useState(0)
  const { q, status, error, tags, metadata, score, latency, cost, change, differ, sort } = search
  const key = JSON.stringify({ q, status, error, tags, metadata, score, latency, cost, change, differ, sort })
  const { total } = run.progress
  const { repetitions } = run.settings
  const finished = run.progress.succeeded + run.progress.failed
  // biome-ignore lint/correctness/useExhaustiveDependencies: `reading` reads again; what finishes meanwhile is only counted
  const read = useMemo(() => {
    const search = JSON.parse(key) as RunSearch
    const forget = (id: string) => {
      const row = store.get(id)?.row
      if (row) cells.delete(row.datasetItem.id)
      store.delete(id)
    }
    const source = { client, runId: run.id, store, forget }
    const inOrder = !isFiltered(search) && search.sort === undefined
    const filtered = () =>
      baselineId === null || !needsComparison(search)
        ? filteredItems(source, itemFilter(search), itemOrder(search.sort))
        : comparedItems({ ...source, baselineId }, comparisonFilter(search, run.id), comparisonOrder(search, run.id))
    return {
      list: inOrder ? allItems(source, { total, repetitions }) : filtered(),
      inOrder,
      finishedThen: finished,
      async collect(limit: number) {
        const ids = await filtered().readUpTo(limit)
        const items = ids.slice(0, limit).flatMap((id) => store.get(id)?.row ?? [])
        return { items, more: ids.length > limit }
      },
    }
  }, [client, run.id, store, cells, key, baselineId, total, repetitions, reading])
  return {
    ...read,
    outdated: read.inOrder ? 0 : Math.max(0, finished - read.finishedThen),
    refresh: () => setReading((times) => times + 1),
  }
}

function comparisonFilter({ q, tags, metadata, change, differ }: RunSearch, candidateId: string): ComparisonFilter {
  return {
    search: q,
    tags,
    metadata,
    differingOutputs: differ,
    change: change && { candidateId, metric: change.metric, is: change.is },
  }
}

function comparisonOrder({ sort }: RunSearch, candidateId: string): ComparisonOrder | null {
  return sort && 'metric' in sort ? { field: sort.by, metric: sort.metric, candidateId } : null
}
