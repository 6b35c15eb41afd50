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

interface Asked {
  runId: string
  filter: RunItemFilter
  orderBy?: RunItemOrder | null
  after: string | null
}

function ask(client: Client, asked: Asked) {
  return client.query(runItemsQuery, { first: rowsPerRequest, ...asked }).toPromise()
}

/** By run: the answer to what was asked before its page was there. */
const early = new Map<string, ReturnType<typeof ask>>()

/** Asks for the first rows of a run whose page is on its way. */
export function askEarly(client: Client, runId: string): void {
  early.clear()
  early.set(runId, ask(client, { runId, filter: {}, after: null }))
}

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
  const slotsPerChunk = positions * repetitions
  const slotsOf = (nodes: readonly RunItemRowFragment[]) =>
    nodes.map(({ id, position, repetition }) => ({ id, slot: position * repetitions + repetition }))
  const load = async (chunk: number) => {
    const asked = early.get(source.runId)
    early.delete(source.runId)
    const first = chunk === 0 && asked ? pageOf(await asked, source.store) : null
    // A page of large rows may end early.
    if (first && (first.nodes.length >= slotsPerChunk || !first.pageInfo.hasNextPage)) {
      return slotsOf(first.nodes).filter(({ slot }) => slot < slotsPerChunk)
    }
    const filter = { positions: { from: chunk * positions, to: (chunk + 1) * positions - 1 } }
    const found: { id: string; slot: number }[] = []
    for (let after: string | null = null; ; ) {
      const page = await readPage(source, { filter, after })
      found.push(...slotsOf(page.nodes))
      after = page.pageInfo.endCursor
      if (!page.pageInfo.hasNextPage) return found
    }
  }
  return new SlotList({ count: total, slotsPerChunk, load, forget: source.forget })
}

/** The items that a filter leaves, in any order. */
export function filteredItems(source: Source, filter: RunItemFilter, orderBy: RunItemOrder | null): PagedList {
  return new PagedList(async (after) => {
    const { nodes, pageInfo } = await readPage(source, { filter, orderBy, after })
    return { ids: nodes.map(({ id }) => id), endCursor: pageInfo.endCursor, hasNextPage: pageInfo.hasNextPage }
  })
}

async function readPage({ client, runId, store }: Source, asked: Omit<Asked, 'runId'>) {
  return pageOf(await ask(client, { runId, ...asked }), store)
}

/** Keeps the rows. @throws what to tell the person */
function pageOf({ data, error }: Awaited<ReturnType<typeof ask>>, store: RowStore<RunItemRowFragment>) {
  if (error) throw new Error(messageOf(error))
  const items = data?.run?.items
  if (!items) throw new Error('The run does not exist any more.')
  for (const row of items.nodes) store.set(row.id, row)
  return items
}
