/** The aligned rows of a comparison: each item with what every run made of it. */
import type { Client } from 'urql'
import { messageOf } from '../../components/answer.tsx'
import { PagedList } from '../../data/row-list.ts'
import type { RowStore } from '../../data/row-store.ts'
import { graphql } from '../../gql/gql.ts'
import type { AlignedRowFragment, ComparisonFilter, ComparisonOrder } from '../../gql/graphql.ts'

export const alignedRow = graphql(`
  fragment AlignedRow on ComparisonRow {
    datasetItem { id key }
    cells {
      run { id }
      latencyMs
      costUsd
      revision { id input expectedOutput metadata tags }
      scores { name dataType value label delta change }
      items { id repetition status output outputTruncated error { code taskCode message } }
    }
  }
`)

export const alignedFeed = graphql(`
  subscription AlignedFeed(
    $baselineId: ID!
    $candidateIds: [ID!]!
    $unlike: Boolean
    $after: String
    $window: FeedWindow
  ) {
    comparisonFeed(
      baselineId: $baselineId
      candidateIds: $candidateIds
      includeUnlike: $unlike
      after: $after
      window: $window
      until: NEVER
    ) {
      cursor
      rows { ...AlignedRow }
    }
  }
`)

const alignedQuery = graphql(`
  query AlignedRows(
    $baselineId: ID!
    $candidateIds: [ID!]!
    $unlike: Boolean
    $first: Int!
    $after: String
    $filter: ComparisonFilter
    $orderBy: ComparisonOrder
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds, includeUnlike: $unlike) {
      rows(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...AlignedRow }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`)

interface Source {
  client: Client
  store: RowStore<AlignedRowFragment>
  baselineId: string
  candidateIds: string[]
  unlike: boolean | undefined
}

export function alignedRows(
  { client, store, baselineId, candidateIds, unlike }: Source,
  filter: ComparisonFilter,
  orderBy: ComparisonOrder | null,
): PagedList {
  // The more runs, the fewer rows are within the limits of one document.
  const first = Math.max(10, Math.floor(100 / (candidateIds.length + 1)))
  return new PagedList(async (after) => {
    const { data, error } = await client
      .query(alignedQuery, { baselineId, candidateIds, unlike, first, after, filter, orderBy })
      .toPromise()
    if (error) throw new Error(messageOf(error))
    const rows = data?.compareRuns?.rows
    if (!rows) throw new Error('One of the runs does not exist any more.')
    for (const row of rows.nodes) store.set(row.datasetItem.id, row)
    return {
      ids: rows.nodes.map(({ datasetItem }) => datasetItem.id),
      endCursor: rows.pageInfo.endCursor,
      hasNextPage: rows.pageInfo.hasNextPage,
    }
  })
}
