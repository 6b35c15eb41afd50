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
    const finished = await watch(client, startRun.run)
    process.stdout.write(`${runTable([finished], [finished.name])}\n`)
    if (finished.stopMessage) process.stderr.write(`${finished.stopMessage}\n`)
    if (finished.status !== 'COMPLETED') process.exitCode = 1
  } finally {
    await client.close()
  }
}

async function watch(client: GraphQLClient, { id, name }: { id: string; name: string }): Promise<ReportedRun> {
  const progress = openProgress()
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
