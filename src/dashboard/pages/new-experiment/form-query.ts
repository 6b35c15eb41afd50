/** What the form offers to choose from. */
import { graphql } from '../../gql/gql.ts'

export const formQuery = graphql(`
  query NewExperiment {
    datasets(first: 100, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id name itemCount } }
    modules { name kind description }
  }
`)

export const datasetOfForm = graphql(`
  query DatasetOfForm($id: ID!) {
    node(id: $id) {
      id
      ... on Dataset {
        name
        itemCount
        baseline { run { id name stats { scores { name dataType min max } } } }
        items(first: 1) { nodes { id input metadata } }
      }
    }
    evaluators(first: 100, filter: { datasetId: $id }) { nodes { id name description active dataType } }
  }
`)

export const experimentToCopy = graphql(`
  fragment ExperimentToCopy on Experiment {
    name
    description
    dataset { id }
    settings { repetitions concurrency timeoutMs maxAttempts budgetUsd maxFailureRate }
    evaluators { id }
    task { ...ExperimentTask }
  }
`)

export const copyQuery = graphql(`
  query ExperimentToCopyFrom($id: ID!) {
    node(id: $id) { id ...ExperimentToCopy }
  }
`)

export const createExperiment = graphql(`
  mutation CreateExperimentOfForm($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      ... on CreateExperimentPayload { experiment { id } }
      ... on UserError { message path }
    }
  }
`)

export const previewTask = graphql(`
  mutation TryTask($input: PreviewTaskInput!) {
    previewTask(input: $input) {
      ... on PreviewTaskPayload { output latencyMs costUsd inputTokens outputTokens error { code message } }
      ... on UserError { message path }
    }
  }
`)
