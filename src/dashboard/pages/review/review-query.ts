/** What a reviewer reads: the run, which items have no label yet, and one of them whole. */
import { graphql } from '../../gql/gql.ts'
import type { ReviewedItemPartsFragment, ReviewRunQuery, RunSummaryFragment } from '../../gql/graphql.ts'

export const reviewRun = graphql(`
  query ReviewRun($id: ID!) {
    run(id: $id) { ...RunSummary }
    viewer { person { id name } role }
    scoreConfigs(first: 100) { nodes { id name } }
  }
`)

/** In the order of execution, which is drawn: the first so many are a fair sample of all. */
export const unlabelled = graphql(`
  query Unlabelled($id: ID!, $score: String!, $after: String) {
    run(id: $id) {
      id
      items(
        first: 20
        after: $after
        filter: { status: [SUCCEEDED], score: { name: $score, source: HUMAN, missing: true } }
      ) {
        nodes { id }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`)

export const reviewedItem = graphql(`
  query ReviewedItem($id: ID!) {
    node(id: $id) { id ...ReviewedItemParts }
  }
`)

export const reviewedItemParts = graphql(`
  fragment ReviewedItemParts on RunItem {
    id
    position
    repetition
    status
    input
    expectedOutput
    output
    outputTruncated
    traceUrl
    run { id }
    revision { id metadata tags }
    scores { id name source dataType value label comment author error { code message } }
  }
`)

export const runsToReview = graphql(`
  query RunsToReview {
    runs(first: 50) { nodes { ...RunSummary } }
    scoreConfigs(first: 100) { nodes { id name } }
  }
`)

export type ReviewedRun = NonNullable<ReviewRunQuery['run']>
export type ReviewedItem = ReviewedItemPartsFragment

/** How many executions people have given the score. */
export function labelledCount({ stats }: RunSummaryFragment, score: string): number {
  return stats.scores.find(({ name, source }) => name === score && source === 'HUMAN')?.count ?? 0
}
