import { graphql } from './gql/gql.ts'

export const StoreItems = graphql(/* GraphQL */ `
  mutation StoreImportedItems($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload { added changed dataset { version itemCount } items { item { id } } }
      ... on UserError { message code path }
    }
  }
`)

export const FindExperiment = graphql(/* GraphQL */ `
  query FindImportedExperiment($name: String!, $datasetId: ID!) {
    experiment(name: $name, datasetId: $datasetId) { id }
  }
`)

export const CreateExperiment = graphql(/* GraphQL */ `
  mutation CreateImportedExperiment($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      __typename
      ... on CreateExperimentPayload { experiment { id } }
      ... on UserError { message code path }
    }
  }
`)

export const StartRun = graphql(/* GraphQL */ `
  mutation StartImportedRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunPayload { run { id status } }
      ... on UserError { message code path }
    }
  }
`)

export const ClaimItems = graphql(/* GraphQL */ `
  mutation ClaimImportedItems($input: ClaimRunItemsInput!) {
    claimRunItems(input: $input) {
      __typename
      ... on ClaimRunItemsPayload {
        lane { lease status }
        items { runItemId datasetItemId repetition attempt }
        retryAfterMs
      }
      ... on UserError { message code path }
    }
  }
`)

export const RecordItems = graphql(/* GraphQL */ `
  mutation RecordImportedItems($input: RecordRunItemsInput!) {
    recordRunItems(input: $input) {
      __typename
      ... on RecordRunItemsPayload { lane { lease status } outcomes }
      ... on UserError { message code path }
    }
  }
`)
