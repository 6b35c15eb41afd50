/** Runs that exist: reading, following, controlling and scoring them. */
import { graphql } from '../gql/gql.ts'

export const RunParts = graphql(/* GraphQL */ `
  fragment RunParts on Run {
    id
    name
    description
    metadata
    status
    stopReason
    url
    datasetVersion
    createdAt
    startedAt
    finishedAt
    dataset { id name }
    experiment { id name }
    settings { concurrency repetitions timeoutMs maxAttempts budgetUsd maxFailureRate }
    progress { total queued running succeeded failed cancelled etaSeconds }
    scoring { status total done costUsd budgetUsd }
    stats {
      costUsd
      avgCostUsd
      evaluatorCostUsd
      inputTokens
      outputTokens
      latencyMs { p50 p95 }
      scores { name direction dataType count errorCount missingCount mean stderr labels { label count } }
    }
  }
`)

export const FindRun = graphql(/* GraphQL */ `
  query FindRun($id: ID!) {
    run(id: $id) { ...RunParts }
  }
`)

export const ListRuns = graphql(/* GraphQL */ `
  query ListRuns($filter: RunFilter, $after: String) {
    runs(first: 100, after: $after, filter: $filter) {
      nodes { ...RunParts }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const ControlRun = {
  cancel: graphql(/* GraphQL */ `
    mutation CancelClientRun($input: CancelRunInput!) {
      cancelRun(input: $input) {
        __typename
        ... on CancelRunPayload { run { ...RunParts } }
        ... on UserError { message code path }
      }
    }
  `),
  resume: graphql(/* GraphQL */ `
    mutation ResumeClientRun($input: ResumeRunInput!) {
      resumeRun(input: $input) {
        __typename
        ... on ResumeRunPayload { run { ...RunParts } }
        ... on UserError { message code path }
      }
    }
  `),
}

export const RescoreRun = graphql(/* GraphQL */ `
  mutation RescoreClientRun($input: RescoreRunsInput!) {
    rescoreRuns(input: $input) {
      __typename
      ... on RescoreRunsPayload { runs { ...RunParts } }
      ... on UserError { message code path }
    }
  }
`)

export const FindEvaluatorId = graphql(/* GraphQL */ `
  query FindEvaluatorId($name: String!) {
    evaluator(name: $name) { id }
  }
`)

export const FollowRunItems = graphql(/* GraphQL */ `
  subscription FollowRunItems($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after) {
      cursor
      done
      run { status }
      items {
        id
        status
        position
        repetition
        input
        expectedOutput
        output
        latencyMs
        costUsd
        attempts
        traceId
        error { code taskCode message }
        datasetItem { id key }
        scores { name dataType value label comment source error { message } }
      }
    }
  }
`)

export const FollowRunEnd = graphql(/* GraphQL */ `
  subscription FollowRunEnd($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after) {
      cursor
      done
      run { ...RunParts }
    }
  }
`)

export const SetScores = graphql(/* GraphQL */ `
  mutation SetClientScores($input: SetScoresInput!) {
    setScores(input: $input) {
      __typename
      ... on SetScoresPayload { scores { id name value label } }
      ... on UserError { message code path }
    }
  }
`)
