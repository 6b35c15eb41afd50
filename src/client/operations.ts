/** Every operation of the client, typed against the schema by `npm run generate`. */
import { graphql } from './gql/gql.ts'

export const DatasetParts = graphql(/* GraphQL */ `
  fragment DatasetParts on Dataset {
    id
    name
    description
    metadata
    version
    itemCount
    createdAt
  }
`)

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

export const FindDataset = graphql(/* GraphQL */ `
  query FindDataset($name: String!) {
    dataset(name: $name) { ...DatasetParts }
  }
`)

export const ListDatasets = graphql(/* GraphQL */ `
  query ListDatasets($after: String, $search: String) {
    datasets(first: 100, after: $after, filter: { search: $search }) {
      nodes { ...DatasetParts }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const CreateDataset = graphql(/* GraphQL */ `
  mutation CreateDataset($input: CreateDatasetInput!) {
    createDataset(input: $input) {
      __typename
      ... on CreateDatasetPayload { dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)

export const DatasetVersionAsOf = graphql(/* GraphQL */ `
  query DatasetVersionAsOf($id: ID!, $after: String) {
    node(id: $id) {
      ... on Dataset {
        versions(first: 100, after: $after) {
          nodes { version createdAt itemCount }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

export const ListDatasetItems = graphql(/* GraphQL */ `
  query ListDatasetItems($id: ID!, $version: Int, $after: String) {
    node(id: $id) {
      ... on Dataset {
        items(first: 100, after: $after, version: $version) {
          nodes { item { id } key input expectedOutput metadata tags }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

export const UpsertDatasetItems = graphql(/* GraphQL */ `
  mutation UpsertDatasetItems($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload { added changed unchanged dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)

export const ArchiveDatasetItems = graphql(/* GraphQL */ `
  mutation ArchiveDatasetItems($input: ArchiveDatasetItemsInput!) {
    archiveDatasetItems(input: $input) {
      __typename
      ... on ArchiveDatasetItemsPayload { archived dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)

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

export const ClaimRunItems = graphql(/* GraphQL */ `
  mutation ClaimClientItems($input: ClaimRunItemsInput!) {
    claimRunItems(input: $input) {
      __typename
      ... on ClaimRunItemsPayload {
        lane { lease concurrency status }
        items { runItemId datasetItemId key input expectedOutput metadata tags repetition attempt }
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

export const SetScores = graphql(/* GraphQL */ `
  mutation SetClientScores($input: SetScoresInput!) {
    setScores(input: $input) {
      __typename
      ... on SetScoresPayload { scores { id name value label } }
      ... on UserError { message code path }
    }
  }
`)

export const CompareRuns = graphql(/* GraphQL */ `
  query CompareClientRuns($baselineId: ID, $candidateIds: [ID!]!, $margin: Float) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds, margin: $margin) {
      baseline { id name url }
      candidates { id name url }
      metrics {
        metric { kind name }
        candidate { id }
        direction
        verdict
        baselineMean
        candidateMean
        delta
        interval { low high }
        adjustedPValue
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

export const WorstRegressions = graphql(/* GraphQL */ `
  query WorstRegressions(
    $baselineId: ID
    $candidateIds: [ID!]!
    $filter: ComparisonFilter!
    $orderBy: ComparisonOrder!
    $first: Int!
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(first: $first, filter: $filter, orderBy: $orderBy) {
        nodes {
          datasetItem { id key }
          cells {
            revision { input expectedOutput }
            latencyMs
            costUsd
            scores { name value label delta change }
            items { status output error { message } }
          }
        }
      }
    }
  }
`)

export const GateOfRun = graphql(/* GraphQL */ `
  query GateOfRun($id: ID!, $gate: GateInput, $baselineId: ID) {
    run(id: $id) {
      gate(gate: $gate, baselineId: $baselineId) {
        status
        checks { rule passed limit actual reason metric { kind name } }
      }
    }
  }
`)
