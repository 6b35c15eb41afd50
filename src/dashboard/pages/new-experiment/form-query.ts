/** What the form offers to choose from, what it starts with, and what it does. */
import { graphql } from '../../gql/gql.ts'

export const formQuery = graphql(`
  query NewExperiment {
    modules { name kind description }
    providers(first: 100) { nodes { id name kind } }
    viewer { role }
  }
`)

export const datasetsOfForm = graphql(`
  query DatasetsOfForm($search: String) {
    datasets(first: 50, filter: { search: $search }, orderBy: { field: UPDATED_AT, direction: DESC }) {
      nodes { id name itemCount }
    }
  }
`)

export const datasetOfForm = graphql(`
  query DatasetOfForm($id: ID!) {
    node(id: $id) {
      id
      ... on Dataset {
        name
        itemCount
        version
        tags { tag count }
        baseline { run { id name } }
        versions(first: 50) { nodes { version itemCount createdAt } }
        runs(first: 30) { nodes { id name status createdAt } }
      }
    }
    evaluators(first: 100, filter: { datasetId: $id }) { nodes { id name description active dataType } }
  }
`)

/** The run that the new one is compared with. */
export const baselineOfForm = graphql(`
  query BaselineOfForm($id: ID!) {
    node(id: $id) { id ... on Run { name stats { scores { name dataType min max } } } }
  }
`)

export const promptsOfForm = graphql(`
  query PromptsOfForm($search: String) {
    prompts(first: 50, filter: { search: $search }) { nodes { id name version labels { name version } } }
  }
`)

export const promptOfForm = graphql(`
  query PromptOfForm($name: String!, $version: Int, $label: String) {
    prompt(name: $name) {
      id
      name
      version
      labels { name version }
      versions(first: 100) { nodes { id version message } }
    }
    promptVersion(name: $name, version: $version, label: $label) {
      id
      version
      content { ...PromptContentParts }
    }
  }
`)

export const experimentToCopy = graphql(`
  fragment ExperimentToCopy on Experiment {
    name
    description
    metadata
    dataset { id }
    settings { repetitions concurrency timeoutMs maxAttempts budgetUsd maxFailureRate cache }
    evaluators { id }
    task { ...ExperimentTask }
  }
`)

export const runToCopy = graphql(`
  fragment RunToCopy on Run {
    id
    name
    datasetVersion
    dataset { id version }
    experiment { id name description metadata }
    settings { repetitions concurrency timeoutMs maxAttempts budgetUsd maxFailureRate cache }
    subset { sample tags itemIds }
    pinned: evaluators { evaluator { id deletedAt } }
    task { ...ExperimentTask }
  }
`)

export const copyQuery = graphql(`
  query ToCopyFrom($id: ID!) {
    node(id: $id) { __typename id ...ExperimentToCopy ...RunToCopy }
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

export const costEstimate = graphql(`
  query CostEstimateOfForm($id: ID!, $task: TaskInput!) {
    node(id: $id) {
      id
      ... on Dataset {
        costEstimate(task: $task) {
          run { id name }
          costUsd
          inputCostUsd
          maxCostUsd
          inputTokens
          outputTokens
          sampleSize
          unrenderedCount
        }
      }
    }
  }
`)

/** How many pairs a difference takes. */
export const planOfForm = graphql(`
  query PlanOfForm($runId: ID!, $baselineId: ID, $score: String!, $effect: Float!) {
    planRun(
      runId: $runId
      baselineId: $baselineId
      metric: { score: { name: $score } }
      goal: { effect: $effect }
    ) {
      baseline { id }
      power
      datasetItems
      reached
      options { items repetitions executions }
      recommended { items repetitions executions costUsd }
    }
  }
`)
