/** What a baseline says of the items of a run: the lists that only a comparison has, and the cells beside each row. */
import type { Client } from 'urql'
import { messageOf } from '../components/answer.tsx'
import { graphql } from '../gql/gql.ts'
import type { BaselineRowFragment, ComparisonFilter, ComparisonOrder, RunItemRowFragment } from '../gql/graphql.ts'
import { PagedList } from './row-list.ts'
import type { RowStore } from './row-store.ts'

export const baselineRow = graphql(`
  fragment BaselineRow on ComparisonRow {
    datasetItem { id }
    cells {
      run { id }
      latencyMs
      costUsd
      scores { name dataType value label delta change }
      items { id status output error { code message } }
    }
  }
`)

/** The rows of these dataset items: existing ones first, then whenever one of them changes in either run. */
export const baselineFeed = graphql(`
  subscription BaselineFeed($baselineId: ID!, $candidateIds: [ID!]!, $after: String, $window: FeedWindow) {
    comparisonFeed(
      baselineId: $baselineId
      candidateIds: $candidateIds
      after: $after
      window: $window
      until: NEVER
    ) {
      cursor
      rows { ...BaselineRow }
    }
  }
`)

const comparedItemsQuery = graphql(`
  query ComparedItems(
    $baselineId: ID!
    $candidateIds: [ID!]!
    $first: Int!
    $after: String
    $filter: ComparisonFilter
    $orderBy: ComparisonOrder
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes {
          cells { run { id } items { ...RunItemRow } }
        }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`)

interface Source {
  client: Client
  runId: string
  baselineId: string
  store: RowStore<RunItemRowFragment>
}

/** The items of a run by how they changed from the baseline. */
export function comparedItems(
  { client, runId, baselineId, store }: Source,
  filter: ComparisonFilter,
  orderBy: ComparisonOrder | null,
): PagedList {
  return new PagedList(async (after) => {
    const { data, error } = await client
      .query(comparedItemsQuery, { baselineId, candidateIds: [runId], first: 50, after, filter, orderBy })
      .toPromise()
    if (error) throw new Error(messageOf(error))
    const rows = data?.compareRuns?.rows
    if (!rows) throw new Error('One of the two runs does not exist any more.')
    const items = rows.nodes.flatMap(({ cells }) => cells.find(({ run }) => run.id === runId)?.items ?? [])
    for (const item of items) store.set(item.id, item)
    return {
      ids: items.map(({ id }) => id),
      endCursor: rows.pageInfo.endCursor,
      hasNextPage: rows.pageInfo.hasNextPage,
    }
  })
}

/** How an item of the run differs from the baseline's. */
export interface BaselineCells {
  baseline: BaselineRowFragment['cells'][number]
  candidate: BaselineRowFragment['cells'][number]
}

/** Null when the row has only one of the two runs. */
export function cellsOf(row: BaselineRowFragment, runId: string): BaselineCells | null {
  const candidate = row.cells.find(({ run }) => run.id === runId)
  const baseline = row.cells.find(({ run }) => run.id !== runId)
  return candidate && baseline ? { baseline, candidate } : null
}
