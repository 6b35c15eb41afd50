import * as z from 'zod'
import { type Api, findRun, ToolError } from '../api.ts'
import type { AgentComparedRowsQuery, AgentComparisonQuery, MetricInput } from '../gql/graphql.ts'
import { ComparedRows, CompareRuns } from '../operations.ts'
import { number, shortened, signed } from '../text.ts'

export const compareInput = {
  candidate: z.string().describe('Id or full name of the run in question.'),
  baseline: z.string().optional().describe('What it is compared with; default: the approved baseline of the dataset.'),
  metric: z
    .string()
    .optional()
    .describe('A score by its name, `latency`, `cost` or `failed`; default: the score that got worst.'),
  only: z
    .enum(['regressed', 'improved', 'changed', 'none'])
    .default('regressed')
    .describe('Which items to show, the largest change first; none: only the verdicts.'),
  limit: z.int().min(1).max(100).default(20).describe('Items at most.'),
  after: z.string().optional().describe('The cursor at the end of the page before.'),
  maxChars: z.int().min(50).max(4_000).default(600).describe('Characters of each input and output at most.'),
  maxTokens: z
    .int()
    .min(500)
    .max(25_000)
    .default(9_900)
    .describe('Tokens of the answer at most, as o200k_base counts them.'),
}

type CompareInput = z.output<z.ZodObject<typeof compareInput>>
type Comparison = NonNullable<AgentComparisonQuery['compareRuns']>
type Metric = Comparison['metrics'][number]
type Rows = NonNullable<NonNullable<AgentComparedRowsQuery['compareRuns']>['rows']>
type Row = Rows['edges'][number]['node']

export async function compare(api: Api, input: CompareInput): Promise<string> {
  const candidate = await findRun(api, input.candidate)
  const baseline = input.baseline === undefined ? null : await findRun(api, input.baseline)
  const ids = { baselineId: baseline?.id ?? null, candidateIds: [candidate.id] }
  const { compareRuns } = await api.request(CompareRuns, ids)
  if (!compareRuns?.baseline) {
    throw new ToolError(`The dataset of "${candidate.name}" has no approved baseline: name a baseline run.`)
  }
  const { countTokens } = await import('../tokens.ts')
  const head = [
    `candidate "${candidate.name}" (${candidate.id}) against baseline "${compareRuns.baseline.name}" (${compareRuns.baseline.id})`,
  ]
  const { metrics } = compareRuns
  const metric = input.only === 'none' ? null : chooseMetric(metrics, input)
  // The other half is for items.
  let left = (metric ? input.maxTokens / 2 : input.maxTokens) - countTokens(head.join('\n')) - tokensOfMore
  for (const [index, text] of metrics.map(metricText).entries()) {
    left -= countTokens(`\n${text}`)
    if (index > 0 && left < 0) {
      head.push(`(${metrics.length - index} more metrics)`)
      break
    }
    head.push(text)
  }
  if (!metric) return head.join('\n')
  const rows = await findRows(api, { ...ids, baselineId: compareRuns.baseline.id }, metric, input)
  return rowsText(head.join('\n'), rows, metric, input, countTokens)
}

/** Of how many metrics are not shown. */
const tokensOfMore = 20

/** The metric that is asked for, or that got worst by the number of items. */
function chooseMetric(metrics: readonly Metric[], { metric, only }: CompareInput): Metric | null {
  const found = metrics.find((one) => nameOf(one) === metric)
  if (metric !== undefined && !found) {
    throw new ToolError(`There is no metric "${metric}"; there are ${metrics.map(nameOf).join(', ')}.`)
  }
  const count = ({ regressed, improved }: Metric) =>
    only === 'regressed' ? regressed : only === 'improved' ? improved : regressed + improved
  const scores = metrics.filter(({ metric: { kind } }) => kind === 'SCORE')
  return found ?? scores.toSorted((a, b) => count(b) - count(a))[0] ?? null
}

async function findRows(
  api: Api,
  ids: { baselineId: string; candidateIds: string[] },
  metric: Metric,
  { only, limit, after }: CompareInput,
): Promise<Rows | undefined> {
  const input = metricInput(metric)
  const is = only === 'improved' ? ('IMPROVED' as const) : ('REGRESSED' as const)
  const variables = {
    ...ids,
    filter: only === 'changed' ? { differingOutputs: true } : { change: { metric: input, is } },
    orderBy: { field: only === 'improved' ? ('IMPROVEMENT' as const) : ('REGRESSION' as const), metric: input },
    first: limit,
    after: after ?? null,
  }
  const { compareRuns } = await api.request(ComparedRows, variables)
  return compareRuns?.rows ?? undefined
}

/** The head and as many items as fit below it, but at least one. */
function rowsText(
  head: string,
  rows: Rows | undefined,
  metric: Metric,
  { only, limit, after, maxChars, maxTokens }: CompareInput,
  countTokens: (text: string) => number,
): string {
  const name = nameOf(metric)
  const [first] = rows?.edges ?? []
  if (!rows || !first) return `${head}\n\nNo ${after ? 'further ' : ''}items are ${only} by ${name}.`
  const counted = only === 'regressed' ? metric.regressed : only === 'improved' ? metric.improved : null
  const all = counted === null ? 'Items whose outputs differ' : `${counted} items ${only} by ${name}`
  const answer = (shown: readonly string[]) => {
    const cut = shown.length < rows.edges.length ? `, fewer than ${limit} to stay below ${maxTokens} tokens` : ''
    const title = `${all}; here ${shown.length}${after ? ' more' : ''}, the largest change first${cut}:`
    const isWhole = cut === '' && !rows.pageInfo.hasNextPage
    const cursor = rows.edges[shown.length - 1]?.cursor
    const parts = [head, title, ...shown, ...(isWhole ? [] : [`There are more: after = ${JSON.stringify(cursor)}`])]
    return parts.join('\n\n')
  }
  const fits = (shown: readonly string[]) => countTokens(answer(shown)) <= maxTokens

  let alone = rowText(first.node, metric, maxChars)
  for (let chars = maxChars / 2; !fits([alone]) && chars > 10; chars /= 2) {
    alone = rowText(first.node, metric, Math.floor(chars))
  }
  const shown = [alone]
  // The whole is counted only to be sure: what its parts have is nearly its sum.
  let tokens = countTokens(answer(shown))
  for (const { node } of rows.edges.slice(1)) {
    const text = rowText(node, metric, maxChars)
    tokens += countTokens(text)
    if (tokens > maxTokens) break
    shown.push(text)
  }
  while (shown.length > 1 && !fits(shown)) shown.pop()
  return answer(shown)
}

function metricInput({ metric: { kind, name, source } }: Metric): MetricInput {
  if (kind === 'LATENCY') return { latency: true }
  if (kind === 'COST') return { cost: true }
  return kind === 'FAILED' ? { failed: true } : { score: { name: name ?? '', source } }
}

function nameOf({ metric: { kind, name } }: Metric): string {
  return name ?? kind.toLowerCase()
}

function metricText(metric: Metric): string {
  const { verdict, baselineMean, candidateMean, delta, interval, improved, regressed, unchanged, missing } = metric
  const range = interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : ''
  const need = metric.pairsNeeded === null ? '' : ` (about ${metric.pairsNeeded} more pairs would decide it)`
  return (
    `${nameOf(metric)}: ${number(baselineMean)} → ${number(candidateMean)}, ${signed(delta)}${range}, ${verdict}${need}; ` +
    `${improved} better, ${regressed} worse, ${unchanged} same, ${missing} missing`
  )
}

function rowText({ datasetItem, cells: [before, after] }: Row, metric: Metric, maxChars: number): string {
  const name = nameOf(metric)
  const value = (cell: typeof before) => {
    if (metric.metric.kind === 'LATENCY') return number(cell?.latencyMs ?? null)
    if (metric.metric.kind === 'COST') return number(cell?.costUsd ?? null)
    if (metric.metric.kind === 'FAILED') return number(failedShare(cell))
    const { source } = metric.metric
    const score = cell?.scores.find((one) => one.name === name && (source === null || one.source === source))
    return score?.label ?? number(score?.value ?? null)
  }
  const revision = after?.revision ?? before?.revision
  const lines = [
    `[${datasetItem.key ?? datasetItem.id}] ${name} ${value(before)} → ${value(after)}`,
    `input: ${shortened(revision?.input, maxChars)}`,
  ]
  if (revision?.expectedOutput != null) lines.push(`expected: ${shortened(revision.expectedOutput, maxChars)}`)
  lines.push(`baseline: ${outputsText(before, maxChars)}`, `candidate: ${outputsText(after, maxChars)}`)
  return lines.join('\n')
}

/** Of the executed repetitions. */
function failedShare(cell: Row['cells'][number] | undefined): number | null {
  const executed = cell?.items.filter(({ status }) => status === 'SUCCEEDED' || status === 'FAILED') ?? []
  return executed.length === 0 ? null : executed.filter(({ status }) => status === 'FAILED').length / executed.length
}

/** The output; of several repetitions each, in parts of the space. */
function outputsText(cell: Row['cells'][number] | undefined, maxChars: number): string {
  const items = cell?.items ?? []
  if (items.length === 0) return '(not in this run)'
  const each = Math.max(50, Math.floor(maxChars / items.length))
  const texts = items.map(({ status, output, error }) => {
    if (status === 'SUCCEEDED') return shortened(output, each)
    return error ? `(${status} ${error.code}: ${shortened(error.message, each)})` : `(${status})`
  })
  return items.length === 1 ? texts.join('') : texts.map((text, index) => `#${index + 1} ${text}`).join(' ')
}
