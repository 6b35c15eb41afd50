import { graphql } from '../../gql/gql.ts'
import type { RunPageQuery } from '../../gql/graphql.ts'

export const runPage = graphql(`
  query RunPage($id: ID!) {
    run(id: $id) {
      ...RunSummary
      seed
      priority
      subset { itemIds tags sample }
      earlyStop { margin baseline { id name } metric { kind name source } }
      evaluators { version direction dataType sampling evaluator { id name } }
      task {
        __typename
        ... on HttpTask { url method }
        ... on ModuleTask { name }
        ... on PromptTask { provider model stream }
      }
      dataset {
        runs(first: 20) { nodes { id name createdAt } }
      }
    }
  }
`)

export type RunPageRun = NonNullable<RunPageQuery['run']>

/** How many scores evaluators could not give: they left an error in their place. */
export function failedScoresOf({ scores }: RunPageRun['stats']): number {
  return scores.reduce((sum, { source, errorCount }) => sum + (source === 'EVALUATOR' ? errorCount : 0), 0)
}
