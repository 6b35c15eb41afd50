import { graphql } from '../../gql/gql.ts'

export const startRunOf = graphql(`
  mutation StartRunOfExperiment($input: StartRunInput!) {
    startRun(input: $input) { ... on StartRunPayload { run { id } } ... on UserError { message path } }
  }
`)
