/** Where two runs of the classifier differ: how often, and some of the tickets. */
import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { RunItemState } from '../../src/cli/follow-run.ts'
import { graphql } from '../../src/cli/gql/gql.ts'
import type { GraphQLClient } from '../../src/cli/graphql-client.ts'
import type { ReportedRun } from '../../src/cli/run-report.ts'
import { accuracy } from './experiments.ts'
import type { Classification, LabelledTicket } from './tickets.ts'

/** A run as followed through its feed: its final state, and its items by dataset item. */
export interface WatchedRun {
  run: ReportedRun
  items: ReadonlyMap<string, RunItemState>
}

const Requests = graphql(/* GraphQL */ `
  query Requests($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      ... on DatasetItem { id latest { metadata } }
    }
  }
`)

type TitledRun = WatchedRun & { title: string }

interface Pair {
  first: RunItemState
  second: RunItemState
}

const shownPerSide = 4
/** The width that the other columns leave. */
const requestWidth = Math.min(Math.max((process.stdout.columns ?? 120) - 61, 19), 44)

export async function describeDifferences(client: GraphQLClient, first: TitledRun, second: TitledRun): Promise<string> {
  const pairs = [...first.items].flatMap(([id, item]): Pair[] => {
    const other = second.items.get(id)
    return other ? [{ first: item, second: other }] : []
  })
  const onlyFirst = pairs.filter((pair) => isRight(pair.first) && !isRight(pair.second))
  const onlySecond = pairs.filter((pair) => !isRight(pair.first) && isRight(pair.second))
  const both = pairs.filter((pair) => isRight(pair.first) && isRight(pair.second))
  const neither = pairs.length - both.length - onlyFirst.length - onlySecond.length

  const table = new Table({
    head: ['ticket', 'customer writes', first.title, second.title],
    colWidths: [null, requestWidth, null, null],
    style: { head: [], border: [], compact: true },
  })
  const shown = [...sample(onlyFirst), ...sample(onlySecond)]
  const requests = await readRequests(client, shown)
  for (const { first, second } of shown) {
    const { id, key } = first.datasetItem
    table.push([key?.replace('evaluation-', '#') ?? '', requests.get(id) ?? '', answer(first), answer(second)])
  }
  return `Of ${pairs.length} tickets, both are right on ${both.length}, only ${first.title} on ${onlyFirst.length},
only ${second.title} on ${onlySecond.length}, neither on ${neither}. For example:
${table}
`
}

/** The first few by key, so that every demo shows the same. */
function sample(pairs: Pair[]): Pair[] {
  return pairs
    .toSorted((a, b) => String(a.first.datasetItem.key).localeCompare(String(b.first.datasetItem.key)))
    .slice(0, shownPerSide)
}

/** The deciding sentence of each ticket, from the metadata of its dataset item. */
async function readRequests(client: GraphQLClient, pairs: Pair[]): Promise<Map<string, string>> {
  const { nodes } = await client.request(Requests, { ids: pairs.map(({ first }) => first.datasetItem.id) })
  return new Map(
    (nodes ?? []).flatMap((node) =>
      node?.__typename === 'DatasetItem'
        ? [[node.id, (node.latest.metadata as LabelledTicket['metadata']).request]]
        : [],
    ),
  )
}

function isRight({ scores }: RunItemState): boolean {
  return scores.some(({ name, value }) => name === accuracy && value === 1)
}

function answer(item: RunItemState): string {
  if (item.error) return item.error.code
  const { category, confidence } = item.output as Classification
  const stated = `${category} ${(100 * confidence).toFixed(0)} %`
  return isRight(item) ? styleText('green', `✓ ${stated}`) : styleText('red', `✗ ${stated}`)
}
