/** `assay rescore`: scores the stored outputs of finished runs again. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { type FoundRun, findRun, runReferences } from './find-run.ts'
import { followFeed } from './follow-run.ts'
import { graphql } from './gql/gql.ts'
import type { ScoredRunFragment, ScoreVersionsQuery } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, listOf, oneLine, printJson, printLine, say } from './output.ts'
import { openProgress, type ProgressLine } from './progress.ts'
import { dollars } from './report/figures.ts'
import { type Connection, type ServerOptions, withServer, withServerOptions } from './with-server.ts'

graphql(/* GraphQL */ `
  fragment ScoredRun on Run {
    id
    name
    waitingReason
    scoring { status total done costUsd budgetUsd }
  }
`)

const RescoreRuns = graphql(/* GraphQL */ `
  mutation RescoreRuns($input: RescoreRunsInput!) {
    rescoreRuns(input: $input) {
      __typename
      ... on RescoreRunsPayload { runs { ...ScoredRun } }
      ... on UserError { message }
    }
  }
`)

const CancelRescoring = graphql(/* GraphQL */ `
  mutation CancelRescoring($id: ID!) {
    cancelRescoring(input: { id: $id }) {
      __typename
      ... on CancelRescoringPayload { run { ...ScoredRun } }
      ... on UserError { message }
    }
  }
`)

const FindRescoringEvaluator = graphql(/* GraphQL */ `
  query FindRescoringEvaluator($name: String!) {
    evaluator(name: $name) { id }
  }
`)

const FollowScoring = graphql(/* GraphQL */ `
  subscription FollowScoring($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after) {
      cursor
      done
      run { ...ScoredRun }
    }
  }
`)

const ScoreNames = graphql(/* GraphQL */ `
  query ScoreNames($id: ID!) {
    run(id: $id) { stats { scores { name source } } }
  }
`)

const ScoreVersions = graphql(/* GraphQL */ `
  query ScoreVersions($id: ID!, $name: String!) {
    run(id: $id) {
      scoreVersions(name: $name) {
        version
        isCurrent
        count
        errorCount
        mean
        difference
        agreement { value count }
        evaluator { name }
      }
    }
  }
`)

type ScoreVersion = NonNullable<NonNullable<ScoreVersionsQuery['run']>['scoreVersions']>[number] & { score: string }

interface RescoreOptions extends ServerOptions {
  evaluator: string[]
  budget?: number
  watch: boolean
  cancel: boolean
  json: boolean
}

function amount(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError(`Expected an amount above 0 in USD, got "${text}".`)
}

export function rescoreCommand(): Command {
  const command = new Command('rescore')
    .description('Score the stored outputs of finished runs again.')
    .argument('<run...>', 'the runs')
    .addOption(
      new Option('--evaluator <name>', 'an evaluator, by name; repeatable (default: all active for the dataset)')
        .argParser((name: string, before: string[]) => [...before, name])
        .default([], 'all active'),
    )
    .addOption(new Option('--budget <usd>', 'end when the evaluators have cost this, for each run').argParser(amount))
    .option('--no-watch', 'do not wait for the end')
    .option('--cancel', 'end it instead; what has been scored stays', false)
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}

No task is called: what it answered is stored, also of runs of clients and of imported ones. The evaluators score as they
are now. The status of a run stays; its newest scores count, and those of earlier versions are kept beside them, so that
the versions can be compared: "same" is how often both gave the same score, "change" how much the mean has moved.

Examples:
  $ assay rescore latest                                          by all evaluators that are active for its dataset
  $ assay rescore latest --evaluator correct --budget 2           by one, for at most 2 USD
  $ assay rescore "before" "after" --evaluator correct            both, so that they are compared like with like
  $ assay rescore latest --cancel`,
    )
    .action((references: string[], options: RescoreOptions) => rescore(references, options))
}

async function rescore(references: readonly string[], options: RescoreOptions): Promise<void> {
  await withServer(
    options,
    async (connection) => {
      const { client } = connection
      const runs: FoundRun[] = []
      for (const reference of references) runs.push(await findRun(client, reference))
      if (options.cancel) return cancel(client, runs, options)
      const begun = await begin(client, runs, options)
      if (!options.watch) return show(begun, [], options)
      const ended = await watch(connection, begun)
      const versions: ScoreVersion[] = []
      for (const run of ended) versions.push(...(await versionsOf(client, run.id)))
      show(ended, versions, options)
      if (ended.some(({ scoring }) => scoring?.status !== 'COMPLETED')) process.exitCode = 1
    },
    { executes: true },
  )
}

async function begin(client: GraphQLClient, runs: readonly FoundRun[], { evaluator, budget }: RescoreOptions) {
  const evaluatorIds: string[] = []
  for (const name of evaluator) {
    const found = (await client.request(FindRescoringEvaluator, { name })).evaluator
    if (!found) throw new CliError(`There is no evaluator named "${name}": \`assay list evaluators\` shows them.`)
    evaluatorIds.push(found.id)
  }
  const { rescoreRuns: result } = await client.request(RescoreRuns, {
    input: {
      runIds: runs.map(({ id }) => id),
      evaluatorIds: evaluatorIds.length > 0 ? evaluatorIds : null,
      budgetUsd: budget ?? null,
    },
  })
  if (result.__typename !== 'RescoreRunsPayload') throw new CliError(result.message)
  return result.runs
}

async function cancel(client: GraphQLClient, runs: readonly FoundRun[], options: RescoreOptions): Promise<void> {
  const ended: ScoredRunFragment[] = []
  for (const { id } of runs) {
    const { cancelRescoring: result } = await client.request(CancelRescoring, { id })
    if (result.__typename !== 'CancelRescoringPayload') throw new CliError(result.message)
    ended.push(result.run)
  }
  show(ended, [], options)
}

/** Shows the progress of all runs until the last of them has ended. */
async function watch(connection: Connection, runs: readonly ScoredRunFragment[]): Promise<ScoredRunFragment[]> {
  const progress = openProgress()
  const back = runs.map(({ id }) => `assay rescore ${id} --cancel`).join(' ; ')
  connection.onInterrupt = () => {
    progress.stop()
    return connection.isOwn
      ? 'The rest is scored as soon as `assay serve` is started.'
      : `The server goes on scoring. To end it: ${back}`
  }
  try {
    return await Promise.all(runs.map((run) => follow(connection.client, run, progress.add(run.name))))
  } finally {
    progress.stop()
  }
}

async function follow(client: GraphQLClient, run: ScoredRunFragment, line: ProgressLine): Promise<ScoredRunFragment> {
  let last = run
  const shown = (note: string) => line.update(last.scoring?.done ?? 0, last.scoring?.total ?? null, note)
  const onLost = () => shown(`waiting for ${client.url} to come back`)
  const document = FollowScoring
  for await (const { run: now } of followFeed(client, document, run.id, onLost)) {
    if (!now) throw new CliError('The run was deleted.')
    last = now
    shown(now.waitingReason ?? `${now.scoring?.done} of ${now.scoring?.total} scored`)
  }
  return last
}

async function versionsOf(client: GraphQLClient, id: string): Promise<ScoreVersion[]> {
  const { run } = await client.request(ScoreNames, { id })
  const names = (run?.stats.scores ?? []).filter(({ source }) => source === 'EVALUATOR').map(({ name }) => name)
  const versions: ScoreVersion[] = []
  for (const name of names) {
    const found = (await client.request(ScoreVersions, { id, name })).run?.scoreVersions ?? []
    versions.push(...found.map((version) => ({ ...version, score: name })))
  }
  return versions
}

function show(runs: readonly ScoredRunFragment[], versions: readonly ScoreVersion[], { json }: RescoreOptions): void {
  if (json) {
    printJson({ runs, versions })
    return
  }
  for (const run of runs) say(`"${oneLine(run.name)}": ${described(run)}`)
  if (versions.length === 0) return
  const rows = versions.map((version) => [
    version.score,
    `${version.version}${version.isCurrent ? ' (counts)' : ''}`,
    version.mean == null ? '' : version.mean.toPrecision(4),
    String(version.count),
    String(version.errorCount),
    version.isCurrent || version.agreement.value == null ? '' : `${(100 * version.agreement.value).toFixed(1)} %`,
    version.isCurrent || version.difference == null ? '' : version.difference.toPrecision(3),
  ])
  printLine(listOf(['score', 'version', 'mean', 'n', 'failed', 'same', 'change'], rows))
}

function described({ scoring, waitingReason }: ScoredRunFragment): string {
  if (!scoring) return 'it was never scored again.'
  const { status, done, total, costUsd } = scoring
  const cost = costUsd > 0 ? `, ${dollars(costUsd)}` : ''
  const progress = `${done} of ${total} evaluations made${cost}`
  if (status === 'RUNNING') return `${progress}. ${waitingReason ?? 'The server goes on.'}`
  if (status === 'STOPPED') return `the budget ended it with ${progress}.`
  return status === 'CANCELLED' ? `ended with ${progress}.` : `${progress}.`
}
