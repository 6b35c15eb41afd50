/** The list that the page's address asks for: all items in their order, or what filters and another order make of them. */
import { useMemo, useState } from 'react'
import { comparedItems } from '../../data/comparison-items.ts'
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
}

interface ItemList {
  list: RowList
  /** Items finished since the list was read: they may belong elsewhere in it. 0 for a list in the order of execution. */
  outdated: number
  /** Reads the list again. */
  refresh: () => void
}

export function useItemList({ run, baselineId, search, store }: Options): ItemList {
  const { rows: client } = useConnections()
  const [reading, setReading] = useState(0)
  const { q, status, error, tags, score, change, differ, sort } = search
  const key = JSON.stringify({ q, status, error, tags, score, change, differ, sort })
  const { total } = run.progress
  const { repetitions } = run.settings
  const finished = run.progress.succeeded + run.progress.failed
  // biome-ignore lint/correctness/useExhaustiveDependencies: `reading` reads again; what finishes meanwhile is only counted
  const { list, finishedThen } = useMemo(() => {
    const search = JSON.parse(key) as RunSearch
    const source = { client, runId: run.id, store }
    const inOrder = !isFiltered(search) && search.sort === undefined
    return { list: create(), finishedThen: inOrder ? null : finished }

    function create(): RowList {
      if (inOrder) return allItems(source, { total, repetitions })
      if (baselineId === null || !needsComparison(search)) {
        return filteredItems(source, itemFilter(search), itemOrder(search.sort))
      }
      return comparedItems({ ...source, baselineId }, comparisonFilter(search, run.id), comparisonOrder(search, run.id))
    }
  }, [client, run.id, store, key, baselineId, total, repetitions, reading])
  return {
    list,
    outdated: finishedThen === null ? 0 : Math.max(0, finished - finishedThen),
    refresh: () => setReading((times) => times + 1),
  }
}

function comparisonFilter({ q, tags, change, differ }: RunSearch, candidateId: string): ComparisonFilter {
  return {
    search: q,
    tags,
    differingOutputs: differ,
    change: change && { candidateId, metric: change.metric, is: change.is },
  }
}

function comparisonOrder({ sort }: RunSearch, candidateId: string): ComparisonOrder | null {
  return sort && 'metric' in sort ? { field: sort.by, metric: sort.metric, candidateId } : null
}
