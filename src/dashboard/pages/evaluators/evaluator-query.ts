import { graphql } from '../../gql/gql.ts'

export const evaluatorFields = graphql(`
  fragment EvaluatorFields on Evaluator {
    id
    name
    description
    active
    dataType
    direction
    min
    max
    categories
    failurePolicy
    sampling
    timeoutMs
    maxAttempts
    onlyIf { score min max labels }
    version
    updatedAt
    deletedAt
    datasets { id name }
    definition {
      __typename
      ... on BuiltinEvaluator { type options }
      ... on ModuleEvaluator { name }
      ... on ClientEvaluator { clientName: name }
      ... on JudgeEvaluator {
        provider
        model
        template
        messages { role content }
        variables { name path }
        scale { labels { label value description } min max }
        method
        parameters { ...ParameterParts }
      }
      ... on PairwiseEvaluator {
        provider
        model
        baselineId
        messages { role content }
        variables { name path }
        method
        parameters { ...ParameterParts }
      }
      ... on SimilarityEvaluator { provider model outputPath expectedPath }
      ... on CodeEvaluator { code timeoutMs level }
      ... on HttpEvaluator { url headers resultPath }
      ... on CompositeEvaluator { scores { name weight } expression missing }
    }
  }
`)

export const evaluatorsPage = graphql(`
  query EvaluatorsPage($after: String, $filter: EvaluatorFilter) {
    evaluators(first: 50, after: $after, filter: $filter) {
      nodes { ...EvaluatorFields }
      pageInfo { endCursor hasNextPage }
    }
  }
`)

export const evaluatorPage = graphql(`
  query EvaluatorPage($id: ID!) {
    node(id: $id) { __typename id ...EvaluatorFields }
  }
`)

export const evaluatorChoices = graphql(`
  query EvaluatorChoices {
    modules { name kind description }
    datasets(first: 100, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id name } }
    providers(first: 100) { nodes { id name } }
    judgeTemplates {
      name
      description
      direction
      messages { role content }
      variables { name path }
      scale { labels { label value description } min max }
    }
  }
`)

export const createEvaluator = graphql(`
  mutation CreateEvaluatorOfForm($input: CreateEvaluatorInput!) {
    createEvaluator(input: $input) {
      ... on CreateEvaluatorPayload { evaluator { ...EvaluatorFields } }
      ... on UserError { message path }
    }
  }
`)

export const updateEvaluator = graphql(`
  mutation UpdateEvaluatorOfForm($input: UpdateEvaluatorInput!) {
    updateEvaluator(input: $input) {
      ... on UpdateEvaluatorPayload { evaluator { ...EvaluatorFields } }
      ... on UserError { message path }
    }
  }
`)

export const deleteEvaluator = graphql(`
  mutation DeleteEvaluator($input: DeleteEvaluatorInput!) {
    deleteEvaluator(input: $input) { ... on DeleteEvaluatorPayload { deletedId } ... on UserError { message path } }
  }
`)

export const restoreEvaluator = graphql(`
  mutation RestoreEvaluator($input: RestoreEvaluatorInput!) {
    restoreEvaluator(input: $input) {
      ... on RestoreEvaluatorPayload { evaluator { ...EvaluatorFields } }
      ... on UserError { message path }
    }
  }
`)

export const previewEvaluator = graphql(`
  mutation PreviewEvaluatorOfForm($input: PreviewEvaluatorInput!) {
    previewEvaluator(input: $input) {
      ... on PreviewEvaluatorPayload { evaluations { name dataType value label comment } error { message } }
      ... on UserError { message path }
    }
  }
`)

export const runsToTry = graphql(`
  query RunsToTry { runs(first: 30) { nodes { id name createdAt dataset { id name } } } }
`)

export const outputsToTry = graphql(`
  query OutputsToTry($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Run {
        items(first: 5, after: $after, filter: { status: [SUCCEEDED] }) {
          nodes { id input output expectedOutput latencyMs costUsd revision { id metadata } }
          pageInfo { endCursor hasNextPage }
        }
      }
    }
  }
`)
