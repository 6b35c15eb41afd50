/** An item with everything that is known of it, and what other runs made of the same one. */
import { graphql } from '../../../gql/gql.ts'
import type { ItemDetailFragment } from '../../../gql/graphql.ts'

export const itemDetail = graphql(`
  fragment ItemDetail on RunItem {
    ...RunItemRow
    attempt
    startedAt
    finishedAt
    inputTokens
    outputTokens
    outputBytes
    traceId
    revision { id metadata tags }
    datasetItem {
      id
      key
      runItems(first: 100) {
        nodes {
          id
          repetition
          status
          latencyMs
          output
          outputTruncated
          error { code message }
          run { id name createdAt }
          scores { id name source dataType value label comment author error { code message } }
        }
      }
    }
  }
`)

export const itemQuery = graphql(`
  query RunItem($id: ID!) {
    node(id: $id) { id ...ItemDetail }
  }
`)

export type DetailedItem = ItemDetailFragment
export type Execution = NonNullable<DetailedItem['datasetItem']['runItems']>['nodes'][number]
