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
    generation {
      model
      finishReason
      steps
      firstTokenMs
      tokensPerSecond
      cachedInputTokens
      reasoning
      reasoningTokens
      warnings
    }
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

/** Of another execution: outputs can be large, so only those that are looked at are read. */
export const outputQuery = graphql(`
  query RunItemResult($id: ID!) {
    node(id: $id) { id ... on RunItem { status output outputTruncated error { code taskCode message } } }
  }
`)

export type DetailedItem = ItemDetailFragment
export type Execution = NonNullable<DetailedItem['datasetItem']['runItems']>['nodes'][number]
