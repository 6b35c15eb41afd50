/** `assay review`: queues of outputs that people score. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { CliError, UsageError } from './cli-error.ts'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import { graphql } from './gql/gql.ts'
import type { ReviewSelectionInput, ShownReviewQueueFragment } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, listOf, oneLine, printJson, printLine, say } from './output.ts'
import { count } from './report/figures.ts'
import { wholeNumber } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

graphql(/* GraphQL */ `
  fragment ShownReviewQueue on ReviewQueue {
    id
    name
    description
    run { id name }
    baseline { id name }
    pairwise
    selection {
      __typename
      ... on SampledOutputs { size balance }
      ... on DisagreedOutputs { scores }
      ... on RegressedOutputs { score }
      ... on InformativeOutputs { size by }
    }
    scores
    authorsPerItem
    assignees { name }
    seed
    closedAt
    createdAt
    progress { total done reviews byPerson { person { name } done skipped } }
    agreement { score alpha { value interval { low high } units } pairs { first second items kappa { value } } }
  }
`)

const ListReviewQueues = graphql(/* GraphQL */ `
  query ListReviewQueues($filter: ReviewQueueFilter) {
    reviewQueues(first: 100, filter: $filter) { nodes { ...ShownReviewQueue } }
  }
`)

const ShowReviewQueue = graphql(/* GraphQL */ `
  query ShowReviewQueue($name: String!) { reviewQueue(name: $name) { ...ShownReviewQueue } }
`)

const CreateReviewQueue = graphql(/* GraphQL */ `
  mutation MakeReviewQueue($input: CreateReviewQueueInput!) {
    createReviewQueue(input: $input) {
      ... on CreateReviewQueuePayload { reviewQueue { ...ShownReviewQueue } }
      ... on UserError { message }
    }
  }
`)

const ChangeReviewQueue = graphql(/* GraphQL */ `
  mutation CloseReviewQueue($input: UpdateReviewQueueInput!) {
    updateReviewQueue(input: $input) {
      ... on UpdateReviewQueuePayload { reviewQueue { ...ShownReviewQueue } }
      ... on UserError { message }
    }
  }
`)

type Queue = ShownReviewQueueFragment

interface CreateOptions extends ServerOptions {
  name: string
  score: string[]
  all: boolean
  sample?: number
  balance?: string
  disagreements?: string[]
  regressions?: string
  informative?: number
  baseline?: string
  pairwise: boolean
  authors: number
  assign?: string[]
  seed?: string
  json: boolean
}

type ShowOptions = ServerOptions & { json: boolean }
type ListOptions = ShowOptions & { mine: boolean }

/** A name, or several options with one each. */
const collect = (value: string, before: string[] | undefined): string[] => {
  if (value.trim() === '') throw new InvalidArgumentError('Expected a name, got an empty one.')
  return [...(before ?? []), value]
}

export function reviewCommand(): Command {
  const command = new Command('review')
    .description('Have people score outputs: queues, progress, agreement.')
    .addHelpText(
      'after',
      `
A queue has outputs of a run, and the scores that each is given; these have rules (setScoreConfig, or the settings in the
browser). People work it in the browser, by keyboard. What was drawn keeps the probability with which it was, so that labels
of a balanced or informative sample still stand for all outputs.

Examples:
  $ assay review create latest --name "spot check" --score helpful --sample 50
  $ assay review list --mine
  $ assay review show "spot check"`,
    )
  withServerOptions(
    command
      .command('create')
      .description('Make a queue of outputs that a run has now.')
      .argument('<run>', 'the run')
      .addOption(new Option('--name <name>', 'what the queue is called').makeOptionMandatory())
      .addOption(
        new Option('--score <name>', 'a score to give; several times for several')
          .argParser(collect)
          .makeOptionMandatory(),
      )
      .addOption(new Option('--all', 'every output').default(false))
      .addOption(new Option('--sample <number>', 'so many, drawn at random').argParser(wholeNumber(1, 10_000)))
      .addOption(new Option('--balance <score>', 'of --sample, as many of each value of this score of an evaluator'))
      .addOption(
        new Option(
          '--disagreements <score>',
          'those that scores of this name disagree about; several times for several',
        ).argParser(collect),
      )
      .addOption(new Option('--regressions <score>', 'those whose score is worse than in --baseline'))
      .addOption(
        new Option('--informative <number>', 'so many, drawn by how far evaluators disagree about them').argParser(
          wholeNumber(1, 10_000),
        ),
      )
      .addOption(new Option('--baseline <run>', 'a run whose outputs are shown beside, or `approved`'))
      .addOption(new Option('--pairwise', 'which of the two outputs is better, in place of scoring one').default(false))
      .addOption(
        new Option('--authors <number>', 'how many persons score each').argParser(wholeNumber(1, 10)).default(1),
      )
      .addOption(
        new Option('--assign <person>', 'who works it; several times for several (default: everybody)').argParser(
          collect,
        ),
      )
      .addOption(new Option('--seed <text>', "decides what is drawn, and the order (default: the run's)")),
  )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}

Examples:
  $ assay review create latest --name "spot check" --score helpful --sample 50
  $ assay review create latest --name "is the judge right" --score correct --sample 60 --balance correct --authors 2
  $ assay review create latest --name "what got worse" --score helpful --regressions correct --baseline approved`,
    )
    .action((reference: string, options: CreateOptions) => create(reference, options))
  withServerOptions(command.command('list').description('List the queues, the newest first.'))
    .addOption(new Option('--mine', 'only open ones that you may work').default(false))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ assay review list\n  $ assay review list --mine --json | jq ".[].name"')
    .action(({ mine, json, ...server }: ListOptions) =>
      withServer(server, async ({ client }) => {
        const filter = mine ? { forMe: true, closed: false } : {}
        const queues = (await client.request(ListReviewQueues, { filter })).reviewQueues?.nodes ?? []
        if (json) printJson(queues)
        else if (queues.length === 0) say('There are no review queues like that in this project.')
        else printLine(listOf(['QUEUE', 'RUN', 'SCORES', 'FOR', 'DONE', 'STATE'], queues.map(cellsOf)))
      }),
    )
  withServerOptions(command.command('show').description('Show a queue: progress, and how far people agree.'))
    .argument('<queue>', 'its name')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ assay review show "spot check"\n  $ assay review show "spot check" --json | jq .agreement',
    )
    .action((name: string, { json, ...server }: ShowOptions) =>
      withServer(server, async ({ client }) => print(await find(client, name), json)),
    )
  withServerOptions(
    command.command('close').description('Close a queue: nobody gets items of it any more. Scores stay.'),
  )
    .argument('<queue>', 'its name')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ assay review close "spot check"')
    .action((name: string, { json, ...server }: ShowOptions) =>
      withServer(server, async ({ client }) => {
        const { id } = await find(client, name)
        const { updateReviewQueue: outcome } = await client.request(ChangeReviewQueue, { input: { id, closed: true } })
        print(queueIn(outcome), json)
      }),
    )
  return command
}

async function create(reference: string, options: CreateOptions): Promise<void> {
  const { name, score, baseline, pairwise, authors, assign, seed, json } = options
  const selection = selectionOf(options)
  await withServer(options, async ({ client }) => {
    const run = await findRun(client, reference)
    const other = baseline === undefined ? null : await findBaseline(client, baseline, run.id)
    const input = {
      ...{ name, runId: run.id, baselineId: other?.id, selection, scores: score, pairwise, seed },
      ...{ authorsPerItem: authors, assignees: assign },
    }
    const { createReviewQueue } = await client.request(CreateReviewQueue, { input })
    print(queueIn(createReviewQueue), json)
  })
}

/** @throws {UsageError} none or several ways to choose outputs */
function selectionOf(options: CreateOptions): ReviewSelectionInput {
  const { all, sample, balance, disagreements, regressions, informative, score } = options
  const given: ReviewSelectionInput[] = [
    ...(all ? [{ all: true }] : []),
    ...(sample === undefined ? [] : [{ sample: { size: sample, balance } }]),
    ...(disagreements === undefined ? [] : [{ disagreements: { scores: disagreements } }]),
    ...(regressions === undefined ? [] : [{ regressions: { score: regressions } }]),
    ...(informative === undefined ? [] : [{ informative: { size: informative, score: score[0] ?? '' } }]),
  ]
  const [selection, ...others] = given
  if (!selection || others.length > 0) {
    throw new UsageError(
      'Expected exactly one of --all, --sample, --disagreements, --regressions and --informative, which say which outputs.',
    )
  }
  if (balance !== undefined && sample === undefined) throw new UsageError('--balance is for --sample.')
  if (regressions !== undefined && options.baseline === undefined)
    throw new UsageError('--regressions needs --baseline.')
  return selection
}

async function find(client: GraphQLClient, name: string): Promise<Queue> {
  const { reviewQueue } = await client.request(ShowReviewQueue, { name })
  if (reviewQueue) return reviewQueue
  throw new CliError(
    `There is no review queue named "${name}" in this project. See them all with \`assay review list\`.`,
  )
}

function queueIn(outcome: { reviewQueue: Queue } | { message: string } | object): Queue {
  if ('reviewQueue' in outcome) return outcome.reviewQueue
  throw new CliError('message' in outcome ? outcome.message : 'The server gave another answer than this version knows.')
}

function cellsOf({ name, run, scores, assignees, progress, closedAt }: Queue): string[] {
  const people = assignees.length === 0 ? 'everybody' : assignees.map((person) => person.name).join(', ')
  const state = closedAt != null ? 'closed' : progress.done === progress.total ? 'done' : 'open'
  return [name, run.name, scores.join(', '), people, `${progress.done}/${progress.total}`, state]
}

function print(queue: Queue, json: boolean): void {
  if (json) {
    printJson(queue)
    return
  }
  const { name, description, run, baseline, scores, authorsPerItem, progress, agreement } = queue
  printLine(
    `${oneLine(name)}: ${whichOf(queue)} of ${oneLine(run.name)}${baseline ? ` beside ${oneLine(baseline.name)}` : ''}`,
  )
  if (description) printLine(oneLine(description))
  const each = authorsPerItem === 1 ? 'one person' : `${authorsPerItem} persons`
  printLine(
    `${scores.map(oneLine).join(', ')} by ${each} each: ${progress.done} of ${count(progress.total, 'item')} done`,
  )
  for (const { person, done, skipped } of progress.byPerson) {
    printLine(`  ${oneLine(person.name)}: ${done} of ${progress.total}${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  }
  for (const { score, alpha, pairs } of agreement) {
    if (alpha.units === 0) continue
    const interval = alpha.interval ? ` (${alpha.interval.low.toFixed(2)} to ${alpha.interval.high.toFixed(2)})` : ''
    printLine(`${oneLine(score)}: α ${alpha.value?.toFixed(2) ?? '–'}${interval} on ${count(alpha.units, 'output')}`)
    for (const { first, second, items, kappa } of pairs) {
      printLine(
        `  ${oneLine(first)} and ${oneLine(second)}: κ ${kappa?.value?.toFixed(2) ?? '–'} on ${count(items, 'output')}`,
      )
    }
  }
}

function whichOf({ selection, pairwise }: Queue): string {
  const what = pairwise ? 'pairs' : 'outputs'
  switch (selection.__typename) {
    case 'AllOutputs':
      return `all ${what}`
    case 'SampledOutputs':
      return `a random sample of ${what}${selection.balance == null ? '' : `, balanced by ${oneLine(selection.balance)}`}`
    case 'DisagreedOutputs':
      return `${what} that ${selection.scores.map(oneLine).join(', ')} disagree about`
    case 'RegressedOutputs':
      return `${what} whose ${oneLine(selection.score)} got worse`
    case 'InformativeOutputs':
      return `a sample of ${what} of which a label says most`
  }
}
