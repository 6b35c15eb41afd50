/** `assay list`: the runs, experiments, datasets and evaluators of a project. */
import { Argument, Command, Option } from 'commander'
import { CliError, UsageError } from './cli-error.ts'
import { graphql } from './gql/gql.ts'
import type { RunFilter, RunStatus } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, listOf, printJson, printLine, say } from './output.ts'
import { wholeNumber } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const ListRuns = graphql(/* GraphQL */ `
  query ListRuns($filter: RunFilter, $first: Int, $after: String) {
    runs(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        name
        status
        createdAt
        url
        experiment { name }
        dataset { name }
        progress { total succeeded failed cancelled }
        stats { costUsd scores { name source mean } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const ListExperiments = graphql(/* GraphQL */ `
  query ListExperiments($filter: ExperimentFilter, $first: Int, $after: String) {
    experiments(filter: $filter, first: $first, after: $after) {
      nodes { id name description createdAt dataset { name } latestRun { name status } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const ListDatasets = graphql(/* GraphQL */ `
  query ListDatasets($filter: DatasetFilter, $first: Int, $after: String) {
    datasets(filter: $filter, first: $first, after: $after) {
      nodes { id name description version itemCount updatedAt baseline { run { id name } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const ListEvaluators = graphql(/* GraphQL */ `
  query ListEvaluators($filter: EvaluatorFilter, $first: Int, $after: String) {
    evaluators(filter: $filter, first: $first, after: $after) {
      nodes { id name description version active dataType direction }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const FindIds = graphql(/* GraphQL */ `
  query FindIds($experiment: String!, $dataset: String!) {
    experiment(name: $experiment) { id }
    dataset(name: $dataset) { id }
  }
`)

const kinds = ['runs', 'experiments', 'datasets', 'evaluators'] as const

interface ListOptions extends ServerOptions {
  experiment?: string
  dataset?: string
  status?: RunStatus
  search?: string
  limit: number
  json: boolean
}

const statuses: RunStatus[] = ['QUEUED', 'RUNNING', 'COMPLETED', 'CANCELLED', 'STOPPED']

export function listCommand(): Command {
  const command = new Command('list')
    .description('List runs, the newest first, or what there is otherwise.')
    .addArgument(new Argument('[what]').choices(kinds).default('runs'))
    .addOption(new Option('--experiment <name>', 'only runs of this experiment'))
    .addOption(new Option('--dataset <name>', 'only runs and experiments on this dataset'))
    .addOption(new Option('--status <status>', 'only runs with this status').choices(statuses))
    .addOption(new Option('--search <text>', 'only those with this text in their name or description'))
    .addOption(new Option('--limit <number>', 'at most this many').argParser(wholeNumber(1, 999_999)).default(20))
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Piped, every line has its columns separated by tabs.

Examples:
  $ assay list
  $ assay list --experiment "my experiment" --status COMPLETED
  $ assay list datasets --json | jq '.[].name'`,
    )
    .action((what: (typeof kinds)[number], options: ListOptions) => {
      refuseOther(what, options)
      return withServer(options, async ({ client }) => {
        const { head, rows } = await listings[what](client, options)
        if (options.json) printJson(rows.map(({ row }) => row))
        else if (rows.length === 0) say(`There are no ${what} like that in this project.`)
        else
          printLine(
            listOf(
              head,
              rows.map(({ cells }) => cells),
            ),
          )
      })
    })
}

/** Of what each of these options leaves rows out. */
const filtering = {
  experiment: ['runs'],
  dataset: ['runs', 'experiments'],
  status: ['runs'],
} as const satisfies Record<string, readonly (typeof kinds)[number][]>

/** @throws {UsageError} an option that would do nothing */
function refuseOther(what: (typeof kinds)[number], options: ListOptions): void {
  for (const [option, kindsOfIt] of Object.entries(filtering)) {
    const allowed: readonly string[] = kindsOfIt
    if (options[option as keyof typeof filtering] === undefined || allowed.includes(what)) continue
    throw new UsageError(`--${option} is for ${allowed.join(' and ')}, and not for ${what}.`)
  }
}

interface Listing {
  head: string[]
  rows: { row: unknown; cells: string[] }[]
}

const listings: Record<(typeof kinds)[number], (client: GraphQLClient, options: ListOptions) => Promise<Listing>> = {
  async runs(client, { experiment, dataset, status, search, limit }) {
    const ids = await client.request(FindIds, { experiment: experiment ?? '', dataset: dataset ?? '' })
    const filter: RunFilter = {
      search,
      status: status && [status],
      experimentId: idOf('experiment', experiment, ids.experiment),
      datasetId: idOf('dataset', dataset, ids.dataset),
    }
    const rows = await upTo(limit, async (page) => (await client.request(ListRuns, { filter, ...page })).runs)
    return {
      head: ['RUN', 'STATUS', 'ITEMS', 'SCORES', 'CREATED', 'ID'],
      rows: rows.map((row) => {
        const { total, succeeded, failed, cancelled } = row.progress
        const ended = succeeded + failed + cancelled
        const items = ended === total ? String(total) : `${ended}/${total}`
        const scores = row.stats.scores.flatMap(({ name, mean }) =>
          mean == null ? [] : [`${name} ${mean.toFixed(3)}`],
        )
        const counted = failed > 0 ? `${items}, ${failed} failed` : items
        return { row, cells: [row.name, row.status, counted, scores.join(', '), row.createdAt, row.id] }
      }),
    }
  },
  async experiments(client, { dataset, search, limit }) {
    const ids = await client.request(FindIds, { experiment: '', dataset: dataset ?? '' })
    const filter = { search, datasetId: idOf('dataset', dataset, ids.dataset) }
    const ask = async (page: Page) => (await client.request(ListExperiments, { filter, ...page })).experiments
    return {
      head: ['EXPERIMENT', 'DATASET', 'NEWEST RUN', 'CREATED', 'ID'],
      rows: (await upTo(limit, ask)).map((row) => {
        const newest = row.latestRun ? `${row.latestRun.name} (${row.latestRun.status})` : '–'
        return { row, cells: [row.name, row.dataset.name, newest, row.createdAt, row.id] }
      }),
    }
  },
  async datasets(client, { search, limit }) {
    const ask = async (page: Page) => (await client.request(ListDatasets, { filter: { search }, ...page })).datasets
    return {
      head: ['DATASET', 'VERSION', 'ITEMS', 'BASELINE', 'UPDATED', 'ID'],
      rows: (await upTo(limit, ask)).map((row) => {
        const baseline = row.baseline?.run.name ?? '–'
        return { row, cells: [row.name, String(row.version), String(row.itemCount), baseline, row.updatedAt, row.id] }
      }),
    }
  },
  async evaluators(client, { search, limit }) {
    const ask = async (page: Page) => (await client.request(ListEvaluators, { filter: { search }, ...page })).evaluators
    return {
      head: ['EVALUATOR', 'VERSION', 'SCORES', 'ACTIVE', 'ID'],
      rows: (await upTo(limit, ask)).map((row) => {
        const active = row.active ? 'yes' : 'no'
        return { row, cells: [row.name, String(row.version), `${row.dataType} ${row.direction}`, active, row.id] }
      }),
    }
  },
}

interface Page {
  first: number
  after: string | null
}

interface Connection<Row> {
  nodes: Row[]
  pageInfo: { hasNextPage: boolean; endCursor?: string | null }
}

async function upTo<Row>(
  limit: number,
  ask: (page: Page) => Promise<Connection<Row> | null | undefined>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let after: string | null = null; ; ) {
    const page = await ask({ first: Math.min(100, limit - rows.length), after })
    rows.push(...(page?.nodes ?? []))
    if (!page?.pageInfo.hasNextPage || rows.length >= limit) return rows
    after = page.pageInfo.endCursor ?? null
  }
}

function idOf(what: string, name: string | undefined, found: { id: string } | null | undefined): string | undefined {
  if (name === undefined) return undefined
  if (!found) throw new CliError(`There is no ${what} named "${name}" in this project.`)
  return found.id
}
