/** The runs of a dataset as its list shows them. */
import { graphql } from '../../gql/gql.ts'
import type { DatasetRunsQuery } from '../../gql/graphql.ts'

export const datasetRuns = graphql(`
  query DatasetRuns($id: ID!, $first: Int!, $after: String, $filter: RunFilter, $orderBy: RunOrder) {
    node(id: $id) {
      id
      ... on Dataset {
        name
        baseline { approvedAt author run { ...RunSummary } }
        runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          nodes { ...RunSummary }
          pageInfo { endCursor hasNextPage }
        }
        runTrends(last: 60) {
          run { id name createdAt status }
          avgLatencyMs
          avgCostUsd
          scores { name dataType direction mean }
        }
      }
    }
  }
`)

export type DatasetWithRuns = Extract<NonNullable<DatasetRunsQuery['node']>, { runs: unknown }>
