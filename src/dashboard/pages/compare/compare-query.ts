/** The runs of a comparison, with everything in which they can differ besides their results. */
import { graphql } from '../../gql/gql.ts'
import type { ComparedRunFragment, CompareQuery } from '../../gql/graphql.ts'

export const comparedRun = graphql(`
  fragment ComparedRun on Run {
    ...RunSummary
    seed
    subset { itemIds tags sample }
    evaluators { version sampling evaluator { id name } }
    task {
      __typename
      ... on HttpTask { url method body headers outputPath }
      ... on ModuleTask { name }
      ... on EchoTask { outputPath }
      ... on PromptTask { provider model prompt { content { messages { role content } } } parameters { temperature maxOutputTokens topP seed reasoningEffort } }
    }
  }
`)

export const compareQuery = graphql(`
  query Compare($baselineId: ID, $candidateIds: [ID!]!) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      baseline { ...ComparedRun }
      candidates { ...ComparedRun }
      differences { kind items metric { kind name source } candidate { id } }
    }
  }
`)

export type ComparedRun = ComparedRunFragment
/** In what a run is not like the baseline. */
export type UnlikePart = NonNullable<CompareQuery['compareRuns']>['differences'][number]
