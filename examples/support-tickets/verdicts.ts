/** Whether the second run is better than the first, metric by metric, by the server's statistics. */
import Table from 'cli-table3'
import { graphql } from '../../src/cli/gql/gql.ts'
import type { GraphQLClient } from '../../src/cli/graphql-client.ts'

const Verdicts = graphql(/* GraphQL */ `
  query Verdicts($baselineId: ID!, $candidateIds: [ID!]!) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      metrics {
        metric { kind name }
        delta
        interval { low high }
        adjustedPValue
        improved
        regressed
        verdict
      }
    }
  }
`)

export async function describeVerdicts(
  client: GraphQLClient,
  first: { id: string; title: string },
  second: { id: string; title: string },
): Promise<string> {
  const { compareRuns } = await client.request(Verdicts, { baselineId: first.id, candidateIds: [second.id] })
  const table = new Table({
    head: ['', 'delta', '95 % interval', 'p', '+/−', 'verdict'],
    style: { head: [], border: [], compact: true },
  })
  for (const { metric, delta, interval, adjustedPValue, improved, regressed, verdict } of compareRuns?.metrics ?? []) {
    // Both versions run concurrently in one process, so their latencies depend on each other.
    if (delta == null || metric.kind === 'LATENCY') continue
    table.push([
      metric.name ?? metric.kind.toLowerCase(),
      signed(delta),
      interval ? `${signed(interval.low)}…${signed(interval.high)}` : '–',
      adjustedPValue == null ? '–' : adjustedPValue < 0.001 ? '< 0.001' : adjustedPValue.toFixed(3),
      `${improved}/${regressed}`,
      verdict,
    ])
  }
  return `${second.title} against ${first.title}, ticket by ticket (+ better, − worse):\n${table}`
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}
