/** The two experiments of the demo and their evaluators, created as a GraphQL client would. */
import { CliError } from '../../src/cli/cli-error.ts'
import { graphql } from '../../src/cli/gql/gql.ts'
import type { CreateEvaluatorInput, RunSettingsInput, TaskInput } from '../../src/cli/gql/graphql.ts'
import type { GraphQLClient } from '../../src/cli/graphql-client.ts'
import { StartRun } from '../../src/cli/run.ts'

const FindEvaluator = graphql(/* GraphQL */ `
  query FindEvaluator($name: String!) {
    evaluator(name: $name) { id name }
  }
`)

const FindExperiment = graphql(/* GraphQL */ `
  query FindExperimentOfDemo($name: String!) {
    experiment(name: $name) { id name }
  }
`)

const CreateEvaluator = graphql(/* GraphQL */ `
  mutation CreateEvaluator($input: CreateEvaluatorInput!) {
    createEvaluator(input: $input) {
      __typename
      ... on CreateEvaluatorPayload { evaluator { id name } }
      ... on UserError { message }
    }
  }
`)

const CreateExperiment = graphql(/* GraphQL */ `
  mutation CreateExperiment($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      __typename
      ... on CreateExperimentPayload { experiment { id name } }
      ... on UserError { message }
    }
  }
`)

const ApproveBaseline = graphql(/* GraphQL */ `
  mutation ApproveBaselineOfDemo($input: ApproveBaselineInput!) {
    approveBaseline(input: $input) {
      __typename
      ... on ApproveBaselinePayload { dataset { id } }
      ... on UserError { message }
    }
  }
`)

export interface NamedId {
  id: string
  name: string
}

/** The score for whether the category is right. */
export const accuracy = 'accuracy'

const evaluators: CreateEvaluatorInput[] = [
  {
    name: accuracy,
    datasetIds: null,
    description: 'The answered category is the expected one.',
    definition: { builtin: { exactMatch: { outputPath: '$.category' } } },
  },
  {
    name: 'calibration error',
    datasetIds: null,
    description: 'Squared difference between confidence and correctness (Brier score).',
    definition: { module: { name: 'calibration error' } },
    direction: 'LOWER_IS_BETTER',
  },
  {
    name: 'within 50 ms',
    datasetIds: null,
    description: 'Answered within fifty milliseconds.',
    definition: { builtin: { latency: { maxMs: 50 } } },
  },
]

/** What is tried: an experiment of this name. */
export interface Version {
  name: string
  task: TaskInput
  settings: RunSettingsInput
}

/** The two programs. */
export const programs = ['keyword rules', 'naive Bayes'].map(
  (name): Version => ({ name, task: { module: { name } }, settings: { concurrency: 20 } }),
) as [Version, Version]

/** Both experiments, created unless an earlier demo left them. */
export async function prepareExperiments(
  client: GraphQLClient,
  datasetId: string,
  versions: readonly [Version, Version],
): Promise<[NamedId, NamedId]> {
  const evaluatorIds: string[] = []
  for (const input of evaluators) {
    const { evaluator } = await client.request(FindEvaluator, { name: input.name })
    evaluatorIds.push((evaluator ?? (await createEvaluator(client, input))).id)
  }
  const experiments: NamedId[] = []
  for (const version of versions) {
    const { experiment } = await client.request(FindExperiment, { name: version.name })
    experiments.push(experiment ?? (await createExperiment(client, { ...version, datasetId, evaluatorIds })))
  }
  return experiments as [NamedId, NamedId]
}

async function createEvaluator(client: GraphQLClient, input: CreateEvaluatorInput): Promise<NamedId> {
  const { createEvaluator } = await client.request(CreateEvaluator, { input })
  if (createEvaluator.__typename !== 'CreateEvaluatorPayload') throw new CliError(createEvaluator.message)
  return createEvaluator.evaluator
}

async function createExperiment(
  client: GraphQLClient,
  input: Version & { datasetId: string; evaluatorIds: string[] },
): Promise<NamedId> {
  const { createExperiment } = await client.request(CreateExperiment, { input })
  if (createExperiment.__typename !== 'CreateExperimentPayload') throw new CliError(createExperiment.message)
  return createExperiment.experiment
}

/**
 * @param sample of how many items; null: all
 * @param oneByOne one call at a time, to watch
 * @returns the id of the new run
 */
export async function startRun(
  client: GraphQLClient,
  experimentId: string,
  { sample, oneByOne }: { sample: number | null; oneByOne: boolean },
): Promise<string> {
  const subset = sample === null ? null : { sample }
  const overrides = oneByOne ? { concurrency: 1 } : undefined
  const { startRun } = await client.request(StartRun, { input: { experimentId, subset, overrides } })
  if (startRun.__typename !== 'StartRunPayload') throw new CliError(startRun.message)
  return startRun.run.id
}

/** The run that the pages compare later ones with. */
export async function approveBaseline(client: GraphQLClient, runId: string): Promise<void> {
  const { approveBaseline } = await client.request(ApproveBaseline, { input: { runId } })
  if (approveBaseline.__typename !== 'ApproveBaselinePayload') throw new CliError(approveBaseline.message)
}
