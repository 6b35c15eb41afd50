/** What the tools ask the server. */
import { graphql } from './gql/gql.ts'

export const AgentRunParts = graphql(/* GraphQL */ `
  fragment AgentRun on Run {
    id
    name
    status
    stopReason
    url
    createdAt
    dataset { name }
    experiment { name }
    progress { total succeeded failed cancelled etaSeconds }
    stats {
      costUsd
      latencyMs { p50 p95 }
      scores { name source mean count missingCount errorCount }
    }
  }
`)

export const ListRuns = graphql(/* GraphQL */ `
  query AgentRuns($first: Int!, $after: String, $search: String) {
    runs(first: $first, after: $after, filter: { search: $search }) {
      nodes { ...AgentRun }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const ListExperiments = graphql(/* GraphQL */ `
  query AgentExperiments($first: Int!, $after: String, $search: String) {
    experiments(first: $first, after: $after, filter: { search: $search }) {
      nodes {
        id
        name
        description
        dataset { name }
        task { __typename }
        runs(first: 1) { nodes { id name status } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const ListDatasets = graphql(/* GraphQL */ `
  query AgentDatasets($first: Int!, $after: String, $search: String) {
    datasets(first: $first, after: $after, filter: { search: $search }) {
      nodes { id name description version itemCount }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const FindRun = graphql(/* GraphQL */ `
  query AgentFindRun($id: ID!) {
    run(id: $id) { ...AgentRun }
  }
`)

export const FindExperiment = graphql(/* GraphQL */ `
  query AgentFindExperiment($name: String!, $datasetId: ID) {
    experiment(name: $name, datasetId: $datasetId) { id task { __typename } }
  }
`)

export const StartRun = graphql(/* GraphQL */ `
  mutation AgentStartRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunPayload { run { ...AgentRun } }
      ... on UserError { message code path }
    }
  }
`)

export const CompareRuns = graphql(/* GraphQL */ `
  query AgentComparison($baselineId: ID, $candidateIds: [ID!]!) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      baseline { id name }
      candidates { id name }
      metrics {
        metric { kind name source }
        direction
        verdict
        baselineMean
        candidateMean
        delta
        interval { low high }
        pairs
        improved
        regressed
        unchanged
        missing
        pairsNeeded
      }
    }
  }
`)

export const ComparedRows = graphql(/* GraphQL */ `
  query AgentComparedRows(
    $baselineId: ID
    $candidateIds: [ID!]!
    $filter: ComparisonFilter
    $orderBy: ComparisonOrder
    $first: Int!
    $after: String
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        edges {
          cursor
          node {
            datasetItem { id key }
            cells {
              revision { input expectedOutput }
              latencyMs
              costUsd
              scores { name source value label }
              items { repetition status output error { code message } }
            }
          }
        }
        pageInfo { hasNextPage }
      }
    }
  }
`)

export const FindItemOfKey = graphql(/* GraphQL */ `
  query AgentItemOfKey($id: ID!, $key: String!) {
    run(id: $id) {
      dataset { items(first: 1, filter: { key: $key }) { nodes { item { id } } } }
    }
  }
`)

export const FindRunItems = graphql(/* GraphQL */ `
  query AgentRunItems($id: ID!, $itemIds: [ID!]!) {
    run(id: $id) {
      items(first: 100, filter: { itemIds: $itemIds }) {
        nodes {
          id
          status
          repetition
          input
          expectedOutput
          output
          outputBytes
          outputTruncated
          error { code taskCode message }
          attempts
          latencyMs
          costUsd
          inputTokens
          outputTokens
          traceId
          traceUrl
          datasetItem { id key }
          revision { metadata tags }
          scores { name source dataType value label comment author error { message } }
        }
      }
    }
  }
`)

export const GateOfRun = graphql(/* GraphQL */ `
  query AgentGate($id: ID!, $gate: GateInput, $baselineId: ID) {
    run(id: $id) {
      name
      gate(gate: $gate, baselineId: $baselineId) {
        status
        checks { rule passed limit actual reason metric { kind name } }
      }
    }
  }
`)
