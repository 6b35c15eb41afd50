/** What is known of a finished run, for the terminal, JSON, JUnit and Markdown: its figures, its gate and its comparison. */
import { CliError } from '../cli-error.ts'
import { graphql } from '../gql/gql.ts'
import type { CompareRunsQuery, GateInput, MetricInput, ReportOfRunQuery } from '../gql/graphql.ts'
import type { GraphQLClient } from '../graphql-client.ts'
import { asText, isBetter, shortened } from './figures.ts'
import type { MetricFigures } from './verdict-sentence.ts'

const ReportOfRun = graphql(/* GraphQL */ `
  query ReportOfRun($id: ID!, $gate: GateInput, $baselineId: ID) {
    run(id: $id) {
      ...RunReport
      url
      createdAt
      durationMs
      metadata
      datasetVersion
      dataset { id name baseline { run { id } } }
      experiment { id name }
      gate(gate: $gate, baselineId: $baselineId) {
        status
        checks { rule metric { kind name source } passed limit actual reason }
      }
    }
  }
`)

const CompareRuns = graphql(/* GraphQL */ `
  query CompareRuns($baselineId: ID, $candidateIds: [ID!]!, $margin: Float, $clusterPath: [String!]) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds, margin: $margin, clusterPath: $clusterPath) {
      baseline { id name url status }
      candidates { id name url status }
      metrics { ...MetricFigures }
      dependence { path metric { kind name source } clusters { count icc designEffect } }
    }
  }
`)

const ChangedItems = graphql(/* GraphQL */ `
  query ChangedItems(
    $baselineId: ID!
    $candidateIds: [ID!]!
    $filter: ComparisonFilter
    $orderBy: ComparisonOrder
    $first: Int!
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(filter: $filter, orderBy: $orderBy, first: $first) {
        nodes {
          datasetItem { id key }
          cells {
            run { id url }
            revision { input expectedOutput }
            items { id status output outputTruncated error { code message } }
            scores { name source value label delta change }
          }
        }
      }
    }
  }
`)

export type Dependence = NonNullable<CompareRunsQuery['compareRuns']>['dependence'][number]

export type RunSummary = NonNullable<ReportOfRunQuery['run']>

/** An item whose score changed, with the runs aligned. */
export interface ChangedItem {
  /** Its key, else its id. */
  item: string
  itemId: string
  score: string
  before: string
  after: string
  input: string
  expectedOutput: string | null
  outputBefore: string
  outputAfter: string
  /** The page of the candidate's run item. */
  url: string
}

/** Addresses are empty where the server ends with the command. */
export interface RunReport {
  run: RunSummary
  /** Null without a baseline. */
  baseline: { id: string; name: string; url: string } | null
  metrics: MetricFigures[]
  /** Items that look as if they belong together, although no path says so. */
  dependence: Dependence[]
  /** The worst first; at most a few of each score. */
  regressions: ChangedItem[]
}

interface ReportOptions {
  /** Default: the gate of the experiment. */
  gate?: GateInput
  /** Default: the approved one, if there is one. */
  baselineId?: string
  /** Regressed items of each score; default 10. */
  regressions?: number
  /** Where the metadata says which items belong together; default: as the dataset says. */
  clusterPath?: string[]
}

/** @throws {CliError} the run is gone, or a rule or the baseline is refused */
export async function loadReport(client: GraphQLClient, id: string, options: ReportOptions = {}): Promise<RunReport> {
  const report = await load(client, id, options)
  return client.isTemporary ? withoutAddresses(report) : report
}

function withoutAddresses({ run, baseline, regressions, ...rest }: RunReport): RunReport {
  return {
    run: { ...run, url: '' },
    baseline: baseline && { ...baseline, url: '' },
    ...rest,
    regressions: regressions.map((one) => ({ ...one, url: '' })),
  }
}

async function load(client: GraphQLClient, id: string, options: ReportOptions): Promise<RunReport> {
  const { gate, baselineId } = options
  const { run } = await client.request(ReportOfRun, { id, gate, baselineId })
  if (!run) throw new CliError('The run was deleted.')
  const against = baselineId ?? run.dataset.baseline?.run.id
  if (against === undefined || against === id)
    return { run, baseline: null, metrics: [], dependence: [], regressions: [] }
  const { baseline, metrics, dependence } = await compare(client, against, [id], undefined, options.clusterPath)
  const regressions = await changedItems(
    client,
    { baselineId: against, candidateId: id, metrics },
    {
      only: 'REGRESSED',
      first: options.regressions ?? 10,
    },
  )
  return { run, baseline, metrics, dependence, regressions }
}

/** @throws {CliError} when the runs cannot be compared */
export async function compare(
  client: GraphQLClient,
  baselineId: string,
  candidateIds: string[],
  margin?: number,
  clusterPath?: string[],
) {
  const { compareRuns } = await client.request(CompareRuns, { baselineId, candidateIds, margin, clusterPath })
  if (!compareRuns?.baseline) throw new CliError('There is no such baseline.')
  return { ...compareRuns, baseline: compareRuns.baseline }
}

interface Compared {
  baselineId: string
  candidateId: string
  metrics: readonly MetricFigures[]
}

export type Change = 'REGRESSED' | 'IMPROVED' | 'CHANGED'

/** The items on which a score of the candidate changed, the largest change of each score first. */
export async function changedItems(
  client: GraphQLClient,
  { baselineId, candidateId, metrics }: Compared,
  { only, first }: { only: Change; first: number },
): Promise<ChangedItem[]> {
  const changed: ChangedItem[] = []
  for (const figures of metrics) {
    const { metric, candidate, direction, improved, regressed } = figures
    if (metric.kind !== 'SCORE' || candidate.id !== candidateId) continue
    if (only !== 'CHANGED' && (direction === 'NONE' || (only === 'REGRESSED' ? regressed : improved) === 0)) continue
    const input: MetricInput = { score: { name: metric.name ?? '', source: metric.source } }
    const field = only === 'CHANGED' ? 'CHANGE' : only === 'IMPROVED' ? 'IMPROVEMENT' : 'REGRESSION'
    const { compareRuns } = await client.request(ChangedItems, {
      baselineId,
      candidateIds: [candidateId],
      filter: { change: { metric: input, is: only, candidateId } },
      orderBy: { field, metric: input, candidateId },
      first,
    })
    for (const { datasetItem, cells } of compareRuns?.rows?.nodes ?? []) {
      const [before, after] = cells
      if (!before || !after) continue
      const valueIn = ({ scores }: typeof before) => {
        const found = scores.find(
          ({ name, source }) => name === metric.name && (source === metric.source || !metric.source),
        )
        return found?.label ?? (found?.value == null ? 'none' : String(Number(found.value.toPrecision(6))))
      }
      const runItem = after.items[0]?.id
      changed.push({
        item: datasetItem.key ?? datasetItem.id,
        itemId: datasetItem.id,
        score: metric.name ?? '',
        before: valueIn(before),
        after: valueIn(after),
        input: shortened(asText(after.revision?.input)),
        expectedOutput:
          after.revision?.expectedOutput == null ? null : shortened(asText(after.revision.expectedOutput)),
        outputBefore: outputOf(before.items[0]),
        outputAfter: outputOf(after.items[0]),
        url: runItem === undefined ? after.run.url : itemUrl(after.run.url, baselineId, runItem),
      })
    }
  }
  return changed
}

/** The page of a run beside a baseline with one of its items open. */
function itemUrl(runUrl: string, baselineId: string, runItemId: string): string {
  return `${runUrl}?${new URLSearchParams({ baseline: baselineId, item: runItemId })}`
}

/** The page of the run beside its baseline, sorted by the regressions of the first score that has some. */
export function regressionsUrl({ run, baseline, regressions }: RunReport): string {
  const [first] = regressions
  if (!first || !baseline || run.url === '') return run.url
  const sort = { by: 'REGRESSION', metric: { score: { name: first.score } } }
  return `${run.url}?${new URLSearchParams({ baseline: baseline.id, sort: JSON.stringify(sort) })}`
}

function outputOf(item: { output?: unknown; error?: { code: string; message: string } | null } | undefined): string {
  if (!item) return 'not in this run'
  return shortened(item.error ? `${item.error.code}: ${item.error.message}` : asText(item.output))
}

/** Whether the run is what was asked for: its gate passed; without a gate it completed, and something succeeded. */
export function isPassed({ gate, status, progress }: RunSummary): boolean {
  return gate ? gate.status === 'PASSED' : status === 'COMPLETED' && progress.succeeded > 0
}

/** Metrics that say something: scores, and whatever improved or regressed. */
export function telling(metrics: readonly MetricFigures[]): MetricFigures[] {
  return metrics.filter(
    ({ metric, verdict, delta, direction }) =>
      metric.kind === 'SCORE' || (verdict !== 'INCONCLUSIVE' && delta != null && isBetter(delta, direction) !== null),
  )
}
