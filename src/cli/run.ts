/** `assay run`: starts a run and shows its progress until it ends. */
import { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { graphql } from './gql/gql.ts'
import { GraphQLClient } from './graphql-client.ts'
import { openProgress } from './progress.ts'
import { projectOption } from './project-option.ts'
import { type ReportedRun, runTable } from './run-report.ts'
import { urlOption } from './url-option.ts'
import { watchRun } from './watch-run.ts'

const FindExperiment = graphql(/* GraphQL */ `
  query FindExperiment($name: String!) {
    experiment(name: $name) { id }
    experiments(filter: { search: $name }, first: 5) {
      nodes { name }
    }
  }
`)

export const StartRun = graphql(/* GraphQL */ `
  mutation StartRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunPayload { run { id name url } }
      ... on UserError { message }
    }
  }
`)

const GateOfRun = graphql(/* GraphQL */ `
  query GateOfRun($id: ID!) {
    run(id: $id) { gate { status checks { passed reason } } }
  }
`)

interface RunOptions {
  name?: string
  wait: boolean
  url: string
  project?: string
}

export function runCommand(): Command {
  return new Command('run')
    .description('Start a run of an experiment and follow it to its end.')
    .argument('<experiment>', 'name of the experiment')
    .option('--name <name>', 'name of the run (default: the experiment and the time)')
    .option('--no-wait', 'print the id of the run and exit')
    .addOption(urlOption())
    .addOption(projectOption())
    .addHelpText(
      'after',
      `
The run continues on the server: Ctrl-C only stops watching it.

Exit status:
  0    the gate of the experiment passed; without a gate: the run completed, and an item succeeded
  1    an error, or (without a gate) a run that did not complete or in which nothing succeeded
  2    wrong options or arguments
  100  the gate failed

Examples:
  $ assay run "my experiment"
  $ assay run "my experiment" --name "after the fix"
  $ id=$(assay run "my experiment" --no-wait)`,
    )
    .action((experiment: string, options: RunOptions) => run(experiment, options))
}

async function run(experiment: string, options: RunOptions): Promise<void> {
  const client = new GraphQLClient(options.url, options.project)
  try {
    const experimentId = await findExperiment(client, experiment)
    const { startRun } = await client.request(StartRun, { input: { experimentId, name: options.name ?? null } })
    if (startRun.__typename !== 'StartRunPayload') throw new CliError(startRun.message)
    if (!options.wait) {
      process.stdout.write(`${startRun.run.id}\n`)
      return
    }
    process.stderr.write(`${startRun.run.url}\n`)
    const finished = await watch(client, startRun.run)
    process.stdout.write(`${runTable([finished], [finished.name])}\n`)
    if (finished.stopMessage) process.stderr.write(`${finished.stopMessage}\n`)
    process.exitCode = await reportGate(client, finished)
  } finally {
    await client.close()
  }
}

/** Prints the gate, if there is one. @returns the exit status */
async function reportGate(client: GraphQLClient, { id, status, progress }: ReportedRun): Promise<number> {
  const { run } = await client.request(GateOfRun, { id })
  if (!run?.gate) return status === 'COMPLETED' && progress.succeeded > 0 ? 0 : 1
  process.stdout.write(`gate ${run.gate.status}\n`)
  for (const { passed, reason } of run.gate.checks) process.stdout.write(`  ${passed ? '✓' : '✗'} ${reason}\n`)
  return run.gate.status === 'PASSED' ? 0 : gateFailed
}

/** Not 1 to 9, which errors and signals have. */
const gateFailed = 100

interface StartedRun {
  id: string
  name: string
  url: string
}

async function watch(client: GraphQLClient, { id, name, url }: StartedRun): Promise<ReportedRun> {
  const progress = openProgress()
  const leave = () => {
    progress.stop()
    process.stderr.write(`The run continues on the server: ${url}\n`)
    process.exit(130)
  }
  process.once('SIGINT', leave)
  const failures = new Map<string, string>()
  try {
    const run = await watchRun(client, id, progress.add(name), (item) => {
      if (item.error) failures.set(item.id, `${item.error.code}: ${item.error.message}`)
      else failures.delete(item.id)
    })
    progress.stop()
    for (const [failure, items] of Map.groupBy(failures.values(), (failure) => failure)) {
      process.stderr.write(`${items.length} × ${failure}\n`)
    }
    return run
  } finally {
    process.off('SIGINT', leave)
    progress.stop()
  }
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
