/** Everything that a server reports about its data and that a migration must not change. */
import { decodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Ask } from './api.ts'

const summary = `name source dataType direction count errorCount missingCount mean stddev stderr labels { label count }
  any: reduced(by: ANY) all: reduced(by: ALL) majority: reduced(by: MAJORITY) average: reduced(by: MEAN)`
const distribution = '{ count avg min max p50 p95 }'
const error = '{ code message retryable }'
const score = `id name dataType value label comment metadata source author createdAt error ${error}
  evaluator { id name deletedAt } evaluatorVersion`
const task = `{ ... on ModuleTask { name }
  ... on HttpTask { url method headers body outputPath costPath inputTokensPath outputTokensPath } }`
const settings = '{ concurrency repetitions maxAttempts timeoutMs cache budgetUsd maxFailureRate }'
const metric = '{ kind name }'
const page = 'pageInfo { hasNextPage endCursor }'

const installation = `{
  viewer { role project { id name createdAt } }
  datasets(first: 100) { nodes { id } }
  experiments(first: 100) { nodes {
    id name description metadata createdAt updatedAt dataset { id } evaluators { id } task ${task} settings ${settings}
    gate { maxAvgCostUsd maxAvgLatencyMs maxCostUsd maxFailureRate maxP95LatencyMs minMeans { score: metric ${metric} value } notWorse { metric ${metric} margin } }
  } }
  evaluators(first: 100) { nodes {
    id name description version active sampling dataType direction createdAt updatedAt deletedAt datasets { id }
    definition { ... on BuiltinEvaluator { type options } ... on ModuleEvaluator { name } }
  } }
  endpointLimits(first: 100) { nodes { id endpoint concurrency requestsPerMinute tokensPerMinute createdAt updatedAt } }
  runs(first: 100) { nodes { id } }
}`

const dataset = `query ($id: ID!) { node(id: $id) { ... on Dataset {
  id name description metadata inputSchema expectedOutputSchema version itemCount createdAt updatedAt
  baseline { author approvedAt run { id } }
  versions(first: 100) { nodes { version added changed archived itemCount createdAt } }
  runTrends(last: 100) { run { id } avgCostUsd avgLatencyMs latencyMs ${distribution} scores { name source count mean } }
} } }`

const datasetItems = `query ($id: ID!, $version: Int!, $after: String) { node(id: $id) { ... on Dataset {
  items(version: $version, first: 100, after: $after) {
    nodes { item { id } key input expectedOutput metadata tags validFrom validTo createdAt } ${page}
  }
} } }`

const run = `query ($id: ID!) { node(id: $id) { ... on Run {
  id name description metadata status stopReason seed createdAt startedAt finishedAt datasetVersion
  dataset { id } experiment { id } task ${task} settings ${settings}
  progress { total queued running succeeded failed cancelled }
  stats { costUsd avgCostUsd unknownCostCount inputTokens outputTokens latencyMs ${distribution} scores { ${summary} } }
  scores { ${score} }
  gate { status checks { rule metric ${metric} limit actual passed reason } }
} } }`

const runItems = `query ($id: ID!, $after: String) { node(id: $id) { ... on Run {
  items(first: 100, after: $after) {
    nodes {
      id position repetition status output error ${error} attempts latencyMs costUsd inputTokens outputTokens
      cached traceId startedAt finishedAt datasetItem { id } scores { ${score} }
    } ${page}
  }
} } }`

const comparison = `query ($baselineId: ID!, $candidateIds: [ID!]!) {
  compareRuns(baselineId: $baselineId, candidateIds: $candidateIds, margin: 0.05) {
    metrics {
      candidate { id } metric ${metric} dataType direction baselineMean candidateMean delta interval { low high } method pValue adjustedPValue
      margin verdict pairs pairsNeeded improved regressed unchanged missing sequence { low high } sequencePairs
    }
    rows(first: 100) { nodes { datasetItem { id } cells { latencyMs costUsd scores { name source value label delta change } } } }
  }
}`

// The shapes are those of the queries above.
// biome-ignore lint/suspicious/noExplicitAny: what was read is only ever compared as a whole
type Answer = any

export type Figures = Awaited<ReturnType<typeof readFigures>>

/** @param askServer queries a server while no process executes anything */
export async function readFigures(askServer: Ask) {
  const ask: Ask = async (query, variables) => withNamedMetrics(await askServer(query, variables))
  const found: Answer = await ask(installation)
  const { viewer, experiments, evaluators, endpointLimits } = found
  const datasets = await inTurn<Answer>(found.datasets.nodes, async ({ id }) => {
    const { node }: Answer = await ask(dataset, { id })
    const versions = await inTurn(Array.from({ length: node.version }), async (_, index) => {
      const revisions = await pages(ask, datasetItems, { id, version: index + 1 })
      return revisions.map(({ item, ...revision }) => ({ id: item.id, ...revision }))
    })
    return { ...node, items: versions }
  })
  const runs = await inTurn<Answer>(found.runs.nodes, async ({ id }) => {
    const { node }: Answer = await ask(run, { id })
    const items = await pages(ask, runItems, { id })
    const scored = items.map((item) => ({ ...item, scores: item.scores.map(numbered) }))
    return { ...node, scores: node.scores.map(numbered), items: scored }
  })
  return {
    viewer,
    datasets: byName(datasets),
    experiments: byName(experiments.nodes),
    evaluators: byName(evaluators.nodes),
    endpointLimits: endpointLimits.nodes,
    runs: byName(runs),
    comparisons: await inTurn(pairs(datasets, runs), async ([baseline, candidate]) => {
      const variables = { baselineId: baseline.id, candidateIds: [candidate.id] }
      const { compareRuns }: Answer = await ask(comparison, variables)
      return { of: `${candidate.name} with ${baseline.name}`, ...compareRuns }
    }),
  }
}

/** Snapshots have the names that metrics were before they had kinds. */
function withNamedMetrics<T>(answer: T): T {
  const names: Record<string, string> = { LATENCY: 'latencyMs', COST: 'costUsd' }
  return JSON.parse(JSON.stringify(answer), (key, value) =>
    value && (key === 'metric' || key === 'score') ? (value.name ?? names[value.kind]) : value,
  )
}

/** A score under its number alone: the ids of the first versions did not contain the run. */
function numbered({ id, ...score }: Answer): Answer {
  const number = decodeGlobalId(id).id.split(':').at(-1)
  return { id: Buffer.from(`Score:${number}`).toString('base64url'), ...score }
}

/** Each run with the baseline of its dataset, or with the oldest run if none is approved. */
function pairs(datasets: Answer[], runs: Answer[]): [baseline: Answer, candidate: Answer][] {
  return datasets.flatMap(({ id, baseline }) => {
    const [oldest, ...others] = runs.filter((run) => run.dataset.id === id).toReversed()
    const approved = runs.find((run) => run.id === baseline?.run.id) ?? oldest
    return [oldest, ...others].filter((run) => run && run !== approved).map((run): [Answer, Answer] => [approved, run])
  })
}

async function pages(ask: Ask, query: string, variables: object): Promise<Answer[]> {
  const nodes: Answer[] = []
  for (let after: string | null = null; ; ) {
    const { node }: Answer = await ask(query, { ...variables, after })
    nodes.push(...node.items.nodes)
    if (!node.items.pageInfo.hasNextPage) return nodes
    after = node.items.pageInfo.endCursor
  }
}

function byName(entries: Answer[]): Record<string, Answer> {
  return Object.fromEntries(entries.map((entry) => [entry.name, entry]))
}

async function inTurn<T, U = T>(values: readonly T[], work: (value: T, index: number) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (const [index, value] of values.entries()) results.push(await work(value, index))
  return results
}
