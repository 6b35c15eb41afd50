/** Makes the project of a server what an experiment file says: its dataset, evaluators, experiment and gate. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { ExperimentFile } from '../../define-experiment.ts'
import { declaredFormat } from '../../engine/datasets/import-format.ts'
import { CliError } from '../cli-error.ts'
import { parseGateRules } from '../gate-rules.ts'
import { graphql } from '../gql/gql.ts'
import type { GateInput } from '../gql/graphql.ts'
import type { GraphQLClient } from '../graphql-client.ts'
import { ImportRefused, importFile } from '../import-file.ts'

const FindDatasetOfFile = graphql(/* GraphQL */ `
  query FindDatasetOfFile($dataset: String!) {
    dataset(name: $dataset) { id name version itemCount }
  }
`)

const FindExperimentOn = graphql(/* GraphQL */ `
  query FindExperimentOn($name: String!, $datasetId: ID!) {
    experiment(name: $name, datasetId: $datasetId) { id }
  }
`)

const FindEvaluatorByName = graphql(/* GraphQL */ `
  query FindEvaluatorByName($name: String!) {
    evaluator(name: $name) { id version }
  }
`)

const CreateEvaluatorOfFile = graphql(/* GraphQL */ `
  mutation CreateEvaluatorOfFile($input: CreateEvaluatorInput!) {
    createEvaluator(input: $input) {
      __typename
      ... on CreateEvaluatorPayload { evaluator { id version } }
      ... on UserError { message path }
    }
  }
`)

const UpdateEvaluatorOfFile = graphql(/* GraphQL */ `
  mutation UpdateEvaluatorOfFile($input: UpdateEvaluatorInput!) {
    updateEvaluator(input: $input) {
      __typename
      ... on UpdateEvaluatorPayload { evaluator { id version } }
      ... on UserError { message path }
    }
  }
`)

const CreateExperimentOfFile = graphql(/* GraphQL */ `
  mutation CreateExperimentOfFile($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      __typename
      ... on CreateExperimentPayload { experiment { id } }
      ... on UserError { message path }
    }
  }
`)

const UpdateExperimentOfFile = graphql(/* GraphQL */ `
  mutation UpdateExperimentOfFile($input: UpdateExperimentInput!) {
    updateExperiment(input: $input) {
      __typename
      ... on UpdateExperimentPayload { experiment { id } }
      ... on UserError { message path }
    }
  }
`)

const SetGateOfFile = graphql(/* GraphQL */ `
  mutation SetGateOfFile($experimentId: ID!, $gate: GateInput) {
    setGate(input: { experimentId: $experimentId, gate: $gate }) {
      __typename
      ... on UserError { message path }
    }
  }
`)

interface SavedExperiment {
  id: string
  dataset: { name: string; version: number }
}

/**
 * @param file the path of the file, which names in it are relative to
 * @param project the project of the client, for the import
 * @throws {CliError} naming the part that the server refuses
 */
export async function saveExperiment(
  client: GraphQLClient,
  file: string,
  experiment: ExperimentFile,
  project: string | undefined,
): Promise<SavedExperiment> {
  const gate = gateIn(experiment)
  const dataset = await saveDataset(client, file, experiment, project)
  const evaluatorIds = experiment.evaluators && (await saveEvaluators(client, file, experiment.evaluators))
  const { name, description = null, metadata = null, task } = experiment
  const settings = experiment.settings ?? {}
  const { experiment: found } = await client.request(FindExperimentOn, { name, datasetId: dataset.id })
  let id = found?.id
  if (id === undefined) {
    const { createExperiment: created } = await client.request(CreateExperimentOfFile, {
      input: { datasetId: dataset.id, name, description, metadata, task, settings, evaluatorIds },
    })
    if (created.__typename !== 'CreateExperimentPayload') throw refused(file, created)
    id = created.experiment.id
  } else {
    const { updateExperiment: updated } = await client.request(UpdateExperimentOfFile, {
      // No evaluators in the file: all that are active.
      input: { id, description, metadata, task, settings, evaluatorIds: evaluatorIds ?? null },
    })
    if (updated.__typename !== 'UpdateExperimentPayload') throw refused(file, updated)
  }
  const { setGate } = await client.request(SetGateOfFile, { experimentId: id, gate })
  if (setGate.__typename !== 'SetGatePayload') throw refused(file, setGate)
  return { id, dataset }
}

/** The gate of an experiment file, whose rules were checked; null when it has none. */
function gateIn({ gate }: ExperimentFile): GateInput | null {
  if (gate === undefined) return null
  return Array.isArray(gate) ? parseGateRules(gate) : gate
}

async function saveDataset(
  client: GraphQLClient,
  file: string,
  { dataset }: ExperimentFile,
  project: string | undefined,
): Promise<{ id: string; name: string; version: number }> {
  const given = typeof dataset === 'string' ? { name: dataset } : dataset
  if (given.file !== undefined && given.items !== undefined) {
    throw new CliError(`${file}: dataset: expected either file or items, got both.`)
  }
  const source = await sourceOf(file, given)
  if (source) {
    const { input, expected, key, tags, metadata, json } = given
    const columns = Object.entries({ input, expected, key, tags, metadata, json }).flatMap(([part, names]) =>
      names === undefined ? [] : [[part, [names].flat()]],
    )
    const { at, ...content } = source
    const into = { url: client.url, project, dataset: given.name, columns: Object.fromEntries(columns) }
    await importFile({ ...content, ...into }).catch((error: unknown) => {
      throw error instanceof ImportRefused ? new CliError(`${file}: ${at(error.message)}`, { cause: error }) : error
    })
  }
  const { dataset: found } = await client.request(FindDatasetOfFile, { dataset: given.name })
  if (found && found.itemCount > 0) return found
  const missing = found ? `The dataset "${given.name}" has no items` : `There is no dataset "${given.name}"`
  throw new CliError(`${missing}: name its file in ${file} (dataset: { name, file }), or use \`assay import\`.`)
}

type GivenDataset = Exclude<ExperimentFile['dataset'], string>

async function sourceOf(file: string, { file: name, items }: GivenDataset) {
  if (items !== undefined) {
    if (items.length === 0) throw new CliError(`${file}: dataset.items: expected at least one item, got none.`)
    const lines = items.map((item) => `${JSON.stringify(item)}\n`)
    const at = (message: string) =>
      message.replaceAll(/^line (\d+)/gm, (_line, number: string) => `dataset.items.${Number(number) - 1}`)
    return { source: Readable.from(lines, { objectMode: false }), format: 'jsonl', at }
  }
  if (name === undefined) return null
  const path = resolve(dirname(file), name)
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) throw new CliError(`${file}: dataset.file: there is no file ${path}.`)
  return {
    source: createReadStream(path),
    format: declaredFormat({ name }),
    at: (message: string) => `${name}: ${message}`,
  }
}

async function saveEvaluators(
  client: GraphQLClient,
  file: string,
  evaluators: NonNullable<ExperimentFile['evaluators']>,
): Promise<string[]> {
  const ids: string[] = []
  for (const [index, given] of evaluators.entries()) {
    const name = typeof given === 'string' ? given : given.name
    const { evaluator: found } = await client.request(FindEvaluatorByName, { name })
    if (typeof given === 'string') {
      if (!found) throw new CliError(`${file}: evaluators.${index}: there is no evaluator "${name}": define it here.`)
      ids.push(found.id)
    } else if (found) {
      const { updateEvaluator: updated } = await client.request(UpdateEvaluatorOfFile, {
        input: { ...given, id: found.id },
      })
      if (updated.__typename !== 'UpdateEvaluatorPayload') throw refused(file, updated, ['evaluators', String(index)])
      ids.push(updated.evaluator.id)
    } else {
      // Not active: it scores the experiments that name it, and nobody else's.
      const { createEvaluator: created } = await client.request(CreateEvaluatorOfFile, {
        input: { ...given, datasetIds: null, active: false },
      })
      if (created.__typename !== 'CreateEvaluatorPayload') throw refused(file, created, ['evaluators', String(index)])
      ids.push(created.evaluator.id)
    }
  }
  return ids
}

/** @param at where in the file the input of the operation is */
function refused(
  file: string,
  { message, path }: { message: string; path?: string[] | null },
  at: readonly string[] = [],
): CliError {
  const inside = path?.[0] === 'input' ? path.slice(1) : (path ?? [])
  const where = [...at, ...inside].join('.')
  return new CliError(`${file}: ${where ? `${where}: ` : ''}${withoutPath(message, inside)}`)
}

/** Messages may begin with the path, from the input on or from inside it. */
function withoutPath(message: string, inside: readonly string[]): string {
  const begin = [['input', ...inside], inside]
    .map((path) => `${path.join('.')}: `)
    .find((one) => message.startsWith(one))
  return begin === undefined ? message : message.slice(begin.length)
}
