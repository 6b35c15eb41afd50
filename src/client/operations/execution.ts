/** Starting a run and executing it. */
import { graphql } from '../gql/gql.ts'

export const FindExperiment = graphql(/* GraphQL */ `
  query FindClientExperiment($name: String!, $datasetId: ID) {
    experiment(name: $name, datasetId: $datasetId) {
      id
      name
      description
      metadata
      dataset { id name }
      task { __typename }
    }
  }
`)

export const CreateExperiment = graphql(/* GraphQL */ `
  mutation CreateClientExperiment($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      __typename
      ... on CreateExperimentPayload { experiment { id } }
      ... on UserError { message code path }
    }
  }
`)

export const FindEvaluators = graphql(/* GraphQL */ `
  query FindEvaluators($name: String!) {
    evaluator(name: $name) { id }
  }
`)

export const StartClientRun = graphql(/* GraphQL */ `
  mutation StartClientRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunPayload {
        run {
          ...RunParts
          evaluators { evaluator { name } definition { __typename } }
        }
      }
      ... on UserError { message code path }
    }
  }
`)

export const ClaimRunItems = graphql(/* GraphQL */ `
  mutation ClaimClientItems($input: ClaimRunItemsInput!) {
    claimRunItems(input: $input) {
      __typename
      ... on ClaimRunItemsPayload {
        lane { lease concurrency status }
        items { runItemId datasetItemId key input expectedOutput metadata tags repetition attempt startAfterMs }
        queued
        retryAfterMs
      }
      ... on UserError { message code path }
    }
  }
`)

export const RecordRunItems = graphql(/* GraphQL */ `
  mutation RecordRunItems($input: RecordRunItemsInput!) {
    recordRunItems(input: $input) {
      __typename
      ... on RecordRunItemsPayload {
        lane { lease concurrency status }
        outcomes
      }
      ... on UserError { message code path }
    }
  }
`)

export const RenewRunLease = graphql(/* GraphQL */ `
  mutation RenewRunLease($input: RenewRunLeaseInput!) {
    renewRunLease(input: $input) {
      __typename
      ... on RenewRunLeasePayload { lane { lease concurrency status run { progress { total succeeded failed cancelled } } } }
      ... on UserError { message code path }
    }
  }
`)

export const ReleaseRunLease = graphql(/* GraphQL */ `
  mutation ReleaseRunLease($input: ReleaseRunLeaseInput!) {
    releaseRunLease(input: $input) {
      __typename
      ... on ReleaseRunLeasePayload { lane { lease concurrency status } }
      ... on UserError { message code path }
    }
  }
`)
