/** The items of a run as a grid shows them. */
import type { Client } from 'urql'
import { messageOf } from '../components/answer.tsx'
import { graphql } from '../gql/gql.ts'
import type { RunItemFilter, RunItemOrder, RunItemRowFragment } from '../gql/graphql.ts'
import { PagedList, type RowList, SlotList } from './row-list.ts'
import type { RowStore } from './row-store.ts'

export const runItemRow = graphql(`
  fragment RunItemRow on RunItem {
    id
    position
    repetition
    status
    attempts
    cached
    input
    expectedOutput
    output
    outputTruncated
    latencyMs
    costUsd
    traceUrl
    error { code taskCode message }
    datasetItem { id }
    scores { id name source dataType value label comment author error { code message } }
  }
`)

const runItemsQuery = graphql(`
  query RunItems($runId: ID!, $first: Int!, $after: String, $filter: RunItemFilter, $orderBy: RunItemOrder) {
    run(id: $runId) {
      id
      items(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...RunItemRow }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`)

const rowsPerRequest = 100

interface Source {
  client: Client
  runId: string
  store: RowStore<RunItemRowFragment>
  /** A row is not kept any longer. */
  forget: (id: string) => void
}

/** Every item of the run, in the order in which they are executed. */
export function allItems(source: Source, { total, repetitions }: { total: number; repetitions: number }): RowList {
  const positions = Math.max(1, Math.floor(rowsPerRequest / repetitions))
  const load = async (chunk: number) => {
    const filter = { positions: { from: chunk * positions, to: (chunk + 1) * positions - 1 } }
    const found: { id: string; slot: number }[] = []
    // A page of large rows may end early.
    for (let after: string | null = null; ; ) {
      const page = await readPage(source, { filter, after })
      for (const { id, position, repetition } of page.nodes)
        found.push({ id, slot: position * repetitions + repetition })
      after = page.pageInfo.endCursor
      if (!page.pageInfo.hasNextPage) return found
    }
  }
  return new SlotList({ count: total, slotsPerChunk: positions * repetitions, load, forget: source.forget })
}

/** The items that a filter leaves, in any order. */
export function filteredItems(source: Source, filter: RunItemFilter, orderBy: RunItemOrder | null): PagedList {
  return new PagedList(async (after) => {
    const { nodes, pageInfo } = await readPage(source, { filter, orderBy, after })
    return { ids: nodes.map(({ id }) => id), endCursor: pageInfo.endCursor, hasNextPage: pageInfo.hasNextPage }
  })
}

async function readPage(
  { client, runId, store }: Source,
  variables: { filter: RunItemFilter; orderBy?: RunItemOrder | null; after: string | null },
) {
  const { data, error } = await client.query(runItemsQuery, { runId, first: rowsPerRequest, ...variables }).toPromise()
  if (error) throw new Error(messageOf(error))
  const items = data?.run?.items
  if (!items) throw new Error('The run does not exist any more.')
  for (const row of items.nodes) store.set(row.id, row)
  return items
}
