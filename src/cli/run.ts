/** `assay run`: starts a run of an experiment, which may be a file, and shows its progress and result. */
import { Command, Option } from 'commander'
import { runEnvironment } from '../client/experiment/environment.ts'
import type { ExperimentFile } from '../define-experiment.ts'
import { CliError, UsageError } from './cli-error.ts'
import { findRun } from './find-run.ts'
import { patiently } from './follow-run.ts'
import { type GateOptions, gateOf, withGateOptions } from './gate-options.ts'
import { graphql } from './gql/gql.ts'
import type { StartRunInput } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, printJson, printLine, say } from './output.ts'
import { loadReport } from './report/load-report.ts'
import { checkReportFiles, finishWith, type ReportFiles, withReportFiles } from './report/print-report.ts'
import { watchToEnd } from './watch-run.ts'
import { wholeNumber } from './whole-number.ts'
import { type Connection, type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const FindExperiment = graphql(/* GraphQL */ `
  query FindExperiment($name: String!) {
    experiment(name: $name) { id metadata }
    experiments(filter: { search: $name }, first: 5) {
      nodes { name }
    }
  }
`)

export const StartRun = graphql(/* GraphQL */ `
  mutation StartRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunPayload { run { id name url status createdAt } }
      ... on UserError { message path }
    }
  }
`)

interface RunOptions extends ServerOptions, ReportFiles, GateOptions {
  name?: string
  sample?: number
  tag?: string[]
  concurrency?: number
  watch: boolean
  git: boolean
  json: boolean
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('Start a run of an experiment and follow it to its end.')
    .argument('<experiment>', 'name of the experiment, or a file that describes it (.yaml, .json, .ts, .js)')
    .option('--name <name>', 'name of the run (default: the experiment and the time)')
    .addOption(
      new Option('--sample <number>', 'only this many items, chosen at random').argParser(wholeNumber(1, 999_999_999)),
    )
    .addOption(
      new Option('--tag <tag>', 'only items that have this tag; may be repeated').argParser(
        (tag: string, before: string[] = []) => [...before, tag],
      ),
    )
    .addOption(new Option('--concurrency <number>', 'items at once, 1–1,000').argParser(wholeNumber(1, 1_000)))
  return withServerOptions(withReportFiles(withGateOptions(command)))
    .option('--watch', 'follow the run to its end', true)
    .option('--no-watch', 'print the id of the run and exit')
    .option('--no-git', 'do not record commit, branch, CI job and source in the metadata of the run')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The run continues on the server: Ctrl-C only stops watching it. A file is saved first: its dataset is imported, its evaluators,
experiment and gate are created or changed. docs/cli.md describes files; schema/experiment-file.json is their JSON Schema.

Exit status:
  0    the gate of the experiment passed; without a gate: the run completed, and an item succeeded
  1    an error, or (without a gate) a run that did not complete or in which nothing succeeded
  2    wrong options or arguments
  100  the gate failed

Examples:
  $ assay run "my experiment"
  $ assay run experiment.yaml --sample 50
  $ assay run experiment.yaml --baseline approved --gate "correct>=baseline-0.02" --markdown comment.md
  $ id=$(assay run "my experiment" --no-watch)`,
    )
    .action((experiment: string, options: RunOptions) => run(experiment, options))
}

async function run(argument: string, options: RunOptions): Promise<void> {
  const gate = gateOf(options)
  await checkReportFiles(options)
  const { isExperimentFile, readExperimentFile } = await import('./experiment/read-experiment-file.ts')
  const file = isExperimentFile(argument) ? await readExperimentFile(argument) : null
  process.exitCode = await withServer(
    options,
    async (connection) => {
      const { client, isOwn } = connection
      if (!options.watch && isOwn) {
        throw new UsageError(
          '--no-watch leaves the run to a server that goes on running: start one with `assay serve`.',
        )
      }
      const experimentId = await experimentOf(connection, argument, file, options)
      const baselineId = await baselineOf(client, options.baseline, file?.baseline, experimentId)
      connection.onInterrupt = () => 'Whether the run was started is not known: `assay list` shows it.'
      const started = await start(client, { experimentId, ...(await inputOf(options, file)) })
      if (!options.watch) {
        if (options.json) printJson(started)
        else printLine(started.id)
        return 0
      }
      if (!isOwn) say(started.url)
      await watchToEnd(connection, started)
      const report = await patiently(() => loadReport(client, started.id, { gate, baselineId }))
      return finishWith(report, options)
    },
    { executes: true },
  )
}

async function experimentOf(
  { client }: Connection,
  argument: string,
  file: ExperimentFile | null,
  { project }: RunOptions,
): Promise<string> {
  if (file === null) return findExperiment(client, argument)
  const { saveExperiment } = await import('./experiment/save-experiment.ts')
  const { id, dataset } = await saveExperiment(client, argument, file, project)
  say(`${argument}: "${file.name}" on "${dataset.name}", version ${dataset.version}`)
  return id
}

const BaselineOfExperiment = graphql(/* GraphQL */ `
  query BaselineOfExperiment($id: ID!) {
    node(id: $id) {
      __typename
      ... on Experiment { dataset { name baseline { run { id } } } }
    }
  }
`)

/**
 * Looked for before the run is started, so that nothing is started where it is missing.
 * @param inFile may say `approved` before there is one
 */
async function baselineOf(
  client: GraphQLClient,
  given: string | undefined,
  inFile: string | undefined,
  experimentId: string,
): Promise<string | undefined> {
  const reference = given ?? inFile
  if (reference === undefined) return undefined
  if (reference !== 'approved') return (await findRun(client, reference)).id
  const { node } = await client.request(BaselineOfExperiment, { id: experimentId })
  const dataset = node?.__typename === 'Experiment' ? node.dataset : null
  if (dataset?.baseline || given === undefined) return dataset?.baseline?.run.id
  throw new CliError(
    `The dataset "${dataset?.name}" has no approved baseline: approve a run with \`assay approve\`, or name one.`,
  )
}

async function inputOf(
  { name, sample, tag, concurrency, git }: RunOptions,
  file: ExperimentFile | null,
): Promise<Omit<StartRunInput, 'experimentId'>> {
  const subset = {
    ...file?.subset,
    ...(sample !== undefined && { sample }),
    ...(tag !== undefined && { tags: tag }),
  }
  return {
    name,
    subset: Object.keys(subset).length > 0 ? subset : null,
    overrides: concurrency === undefined ? undefined : { concurrency },
    metadata: git ? await runEnvironment() : undefined,
  }
}

/** What the parts of its input are called here. */
const optionOf: Partial<Record<string, string>> = {
  name: '--name',
  'subset.sample': '--sample',
  'subset.tags': '--tag',
  'overrides.concurrency': '--concurrency',
}

async function start(client: GraphQLClient, input: StartRunInput) {
  const { startRun } = await client.request(StartRun, { input })
  if (startRun.__typename !== 'StartRunPayload') {
    const option = optionOf[startRun.path?.slice(1).join('.') ?? '']
    throw new CliError(option ? `${option}: ${startRun.message}` : startRun.message)
  }
  return startRun.run
}

async function findExperiment(client: GraphQLClient, name: string): Promise<string> {
  const { experiment, experiments } = await client.request(FindExperiment, { name })
  if (experiment) return experiment.id
  const similar = experiments?.nodes.map((candidate) => `"${candidate.name}"`) ?? []
  throw new CliError(
    `There is no experiment named "${name}"${similar.length > 0 ? `, but ${similar.join(', ')}` : ''}. ` +
      'Names must match exactly.',
  )
}
