import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestServer
let datasetId: string
let runs: string[]
const held = Promise.withResolvers<void>()

const correct = { score: { name: 'correct' } }
const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const gid = (type: 'Run' | 'Dataset' | 'Experiment', id: string) => encodeGlobalId(type, id)

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      { name: 'echo', run: (input) => input },
      { name: 'held', run: (input) => held.promise.then(() => input) },
    ],
  })
  datasetId = await seedDataset(t, numbers(100))
  const run = (right: number, tone: string): RecordedExecution[] =>
    numbers(100).map((item) => ({
      item,
      output: `The answer is ${item < right ? item : 'unknown'}.`,
      latencyMs: 100 + right,
      costUsd: 0.001,
      scores: { correct: item < right, tone: item % 10 === 0 ? tone : 'calm' },
    }))
  runs = [await recordRun(t, datasetId, run(50, 'calm')), await recordRun(t, datasetId, run(80, 'angry'))]
  runs = runs.map((id) => gid('Run', id))
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const compare = `query($baseline: ID, $candidates: [ID!]!, $first: Int = 100, $filter: ComparisonFilter, $orderBy: ComparisonOrder) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    baseline { id } candidates { id }
    metrics {
      metric { kind name source } dataType candidate { id } direction margin baselineMean candidateMean delta interval { low high }
      sequence { low high } sequencePairs pValue adjustedPValue method
      pairs improved regressed unchanged missing verdict pairsNeeded
    }
    rows(first: $first, filter: $filter, orderBy: $orderBy) {
      nodes {
        datasetItem { id }
        cells {
          run { id } revision { input } latencyMs costUsd
          items { id output error { message } scores { name value label } }
          scores { name value label delta change }
          outputDiff { kind text }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

type AnyRow = { cells: { revision: { input: number } }[] }
const compared = (more: object = {}) => t.query(compare, { baseline: runs[0], candidates: [runs[1]], ...more })

describe('compareRuns', () => {
  test('returns every metric with a verdict, and every item with a cell for each run', async () => {
    const { data, errors } = await compared()
    expect(errors).toBeUndefined()
    const { metrics, rows } = data.compareRuns
    expect(metrics.map(({ metric }: { metric: object }) => metric)).toEqual([
      { kind: 'SCORE', name: 'correct', source: 'EVALUATOR' },
      { kind: 'SCORE', name: 'tone', source: 'EVALUATOR' },
      { kind: 'LATENCY', name: null, source: null },
      { kind: 'COST', name: null, source: null },
      { kind: 'FAILED', name: null, source: null },
    ])
    expect(metrics[0]).toMatchObject({
      dataType: 'BOOLEAN',
      candidate: { id: runs[1] },
      direction: 'HIGHER_IS_BETTER',
      method: 'EXACT_MCNEMAR',
      verdict: 'IMPROVED',
      sequencePairs: 100,
    })
    expect(metrics[0]).toMatchObject({ pairs: 100, improved: 30, regressed: 0, unchanged: 70, missing: 0 })
    expect(metrics[1]).toMatchObject({ dataType: 'CATEGORICAL', direction: 'NONE', delta: null, unchanged: 90 })
    expect(metrics[2]).toMatchObject({ dataType: null, direction: 'LOWER_IS_BETTER', regressed: 100, sequence: null })
    expect(rows.nodes).toHaveLength(100)
    const row = rows.nodes.find((row: AnyRow) => row.cells[0]?.revision.input === 60)
    expect(row.cells).toMatchObject([
      { run: { id: runs[0] }, latencyMs: 150, outputDiff: null, scores: [{ value: 0, delta: null, change: null }, {}] },
      {
        run: { id: runs[1] },
        items: [{ output: 'The answer is 60.', scores: [{ name: 'correct', value: 1 }, { label: 'angry' }] }],
        scores: [
          { name: 'correct', value: 1, delta: 1, change: 'IMPROVED' },
          { name: 'tone', label: 'angry', delta: null, change: 'CHANGED' },
        ],
        outputDiff: [
          { kind: 'SAME', text: 'The answer is ' },
          { kind: 'REMOVED', text: 'unknown' },
          { kind: 'ADDED', text: '60' },
          { kind: 'SAME', text: '.' },
        ],
      },
    ])
  })

  test('shows what a document asks for without the outputs that it is made of', async () => {
    const cells = (rows: { nodes: AnyRow[] }) =>
      rows.nodes.flatMap((row) => row.cells as { [field: string]: unknown }[])
    const whole = cells((await compared()).data.compareRuns.rows)
    for (const field of ['outputDiff { kind text }', 'costUsd', 'latencyMs']) {
      const query = `query ($baseline: ID!, $candidates: [ID!]!) {
        compareRuns(baselineId: $baseline, candidateIds: $candidates) { rows(first: 100) { nodes { cells { ${field} } } } }
      }`
      const { data } = await t.query(query, { baseline: runs[0], candidates: [runs[1]] })
      const name = field.split(' ')[0] as string
      expect(cells(data.compareRuns.rows), field).toEqual(whole.map((cell) => ({ [name]: cell[name] })))
    }
  })

  test('costs the same number of statements whatever the size of the page', async () => {
    const measure = async (first: number) => {
      const [{ data, errors }, statements] = await recordStatements(() => compared({ first }))
      expect(errors).toBeUndefined()
      expect(data.compareRuns.rows.nodes).toHaveLength(first)
      // Ignores the statements of the worker, which polls meanwhile.
      return statements.filter((statement) => /run_item|score|FROM run|dataset_item/.test(statement)).length
    }
    await measure(1)
    expect(await measure(5)).toBe(await measure(100))
  })

  test('reads the newest content of the items of a page once, also of items too large to be read beside the results', async () => {
    const large = await seedDataset(
      t,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(1_000_000)),
    )
    const execution = (item: number) => ({ item, output: item, latencyMs: 1, costUsd: 0, scores: {} })
    const candidate = gid('Run', await recordRun(t, large, numbers(6).map(execution)))
    for (const [candidateId, size] of [
      [runs[1], 100],
      [candidate, 6],
    ] as const) {
      const [{ data, errors }, statements] = await recordStatements(() =>
        t.query(
          `query ($ids: [ID!]!) { compareRuns(candidateIds: $ids) { rows(first: 100) { nodes {
            datasetItem { latest { input } } cells { revision { input } } } } } }`,
          { ids: [candidateId] },
        ),
      )
      expect(errors).toBeUndefined()
      const { nodes } = data.compareRuns.rows
      expect(nodes).toHaveLength(size)
      for (const { datasetItem, cells } of nodes) expect(datasetItem.latest.input).toEqual(cells[0].revision.input)
      const ofNewest = statements.filter((text) => text.includes('ORDER BY valid_from DESC LIMIT 1'))
      expect(ofNewest).toHaveLength(size === 6 ? 2 : 1)
    }
  })

  test('filters, orders and pages its rows, and names invalid arguments', async () => {
    const filter = { change: { metric: correct, is: 'IMPROVED' }, search: '6' }
    const { data } = await compared({ filter, orderBy: { field: 'IMPROVEMENT', metric: correct } })
    const inputs = data.compareRuns.rows.nodes.map((row: AnyRow) => row.cells[0]?.revision.input)
    expect(inputs.toSorted()).toEqual([56, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 76])
    const failed = async (more: object) => (await compared(more)).errors?.[0]
    expect((await failed({ orderBy: { field: 'REGRESSION' } }))?.message).toMatch(/Expected the metric to order by/)
    expect((await failed({ orderBy: { field: 'REGRESSION', metric: { score: { name: 'x' } } } }))?.message).toMatch(
      /"correct", "tone"/,
    )
    expect((await failed({ first: 101 }))?.message).toMatch(/1–100/)
    expect((await failed({ candidates: [gid('Dataset', datasetId)] }))?.message).toMatch(/id of a Run/)
  })

  test('uses the approved baseline by default', async () => {
    const approve = `mutation($runId: ID!) { approveBaseline(input: { runId: $runId }) {
      __typename ... on ApproveBaselinePayload { dataset { baseline { run { id } author approvedAt } } } } }`
    const { data } = await t.query(approve, { runId: runs[0] })
    const { baseline } = data.approveBaseline.dataset
    expect(baseline).toMatchObject({ run: { id: runs[0] }, author: 'local' })
    expect((await compared({ baseline: null })).data.compareRuns.baseline.id).toBe(runs[0])
  })
})

test('a run is checked against a given gate or that of its experiment', async () => {
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Run { experiment { id } gate { status } } } }`,
    { id: runs[1] },
  )
  expect(data.node.gate).toBeNull()
  const gate = {
    minMeans: [{ metric: correct, value: 0.9 }],
    notWorse: [{ metric: correct, margin: 0.1 }],
    maxFailureRate: 0,
  }
  const set = await t.query(
    `mutation($input: SetGateInput!) { setGate(input: $input) { ... on SetGatePayload { experiment { gate { maxFailureRate maxCostUsd notWorse { metric { kind name } margin } } } } ... on UserError { message } } }`,
    { input: { experimentId: data.node.experiment.id, gate } },
  )
  expect(set.data.setGate.experiment.gate).toEqual({
    maxFailureRate: 0,
    maxCostUsd: null,
    notWorse: [{ metric: { kind: 'SCORE', name: 'correct' }, margin: 0.1 }],
  })
  const check = `query($id: ID!, $gate: GateInput, $baseline: ID) { node(id: $id) { ... on Run {
    gate(gate: $gate, baselineId: $baseline) { status checks { rule metric { name } passed limit actual reason } } } } }`
  const result = await t.query(check, { id: runs[1], baseline: runs[0] })
  expect(result.data.node.gate).toMatchObject({
    status: 'FAILED',
    checks: [
      { rule: 'COMPLETED', passed: true },
      { rule: 'MIN_MEAN', metric: { name: 'correct' }, passed: false, limit: 0.9, actual: 0.8 },
      { rule: 'NOT_WORSE', passed: true },
      { rule: 'MAX_FAILURE_RATE', passed: true, actual: 0 },
    ],
  })
  const own = await t.query(check, { id: runs[1], gate: { minMeans: [{ metric: correct, value: 0.8 }] } })
  expect(own.data.node.gate.status).toBe('PASSED')
})

test('gates cost the same number of statements for any number of runs, and comparisons add to the document cost', async () => {
  const query = `query($id: ID!, $first: Int!, $gate: GateInput!) { node(id: $id) { ... on Dataset { runs(first: $first) {
    nodes { gate(gate: $gate) { status } } } } } }`
  const id = gid('Dataset', datasetId)
  const gate = { minMeans: [{ metric: correct, value: 0.6 }], maxP95LatencyMs: 1_000 }
  const statements = async (first: number) => {
    const [{ data }, asked] = await recordStatements(() => t.query(query, { id, first, gate }))
    expect(data.node.runs.nodes).toHaveLength(first)
    return asked.filter((statement) => /run_score_summary|run_latency_bucket|FROM experiment/.test(statement)).length
  }
  await statements(1)
  expect(await statements(2)).toBe(await statements(1))
  const { errors } = await t.query(query, { id, first: 100, gate })
  expect(errors?.[0]?.message).toMatch(/the limit is 50,000/)
})

test('the runs of a dataset are charted oldest first, and ordered by their means', async () => {
  const query = `query($id: ID!, $orderBy: RunOrder) { node(id: $id) { ... on Dataset {
    runTrends { run { id } avgLatencyMs latencyMs { count } avgCostUsd scores { name mean } }
    runs(orderBy: $orderBy) { nodes { id } } } } }`
  const id = gid('Dataset', datasetId)
  const { data, errors } = await t.query(query, {
    id,
    orderBy: { field: 'METRIC', metric: correct, direction: 'DESC' },
  })
  expect(errors).toBeUndefined()
  expect(data.node.runTrends.map(({ run }: { run: { id: string } }) => run.id)).toEqual(runs)
  expect(data.node.runTrends[1].scores).toMatchObject([
    { name: 'correct', mean: 0.8 },
    { name: 'tone', mean: null },
  ])
  expect(data.node.runs.nodes.map(({ id }: { id: string }) => id)).toEqual(runs.toReversed())
  const unnamed = await t.query(query, { id, orderBy: { field: 'METRIC' } })
  expect(unnamed.errors?.[0]?.message).toMatch(/Expected the metric to order by/)
})

interface Row {
  datasetItem: { id: string }
  cells: object[]
}
interface Batch {
  cursor: string | null
  done: boolean
  metrics: object[]
}

describe('subscriptions', () => {
  const wsUrl = () => `${t.url.replace('http', 'ws')}/graphql`

  test('to a comparison can be continued from a cursor, and end with what compareRuns returns', async () => {
    const dataset = await seedDataset(t, numbers(250))
    const experimentId = await seedExperiment(t, dataset, { kind: 'module', name: 'echo' })
    const started = [
      await startRun(t.services, t.scope, { experimentId }),
      await startRun(t.services, t.scope, { experimentId }),
    ].map(({ id }) => gid('Run', id))
    const feed = `subscription($baseline: ID!, $candidates: [ID!]!, $after: String) {
      comparisonFeed(baselineId: $baseline, candidateIds: $candidates, after: $after) {
        cursor done runs { status } metrics { metric { kind name } pairs delta pValue verdict }
        rows { datasetItem { id } cells { items { output } latencyMs } }
      } }`
    const rows = new Map<string, object[]>()
    let last: Batch = { cursor: null, done: false, metrics: [] }
    while (!last.done) {
      const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
      const variables = { baseline: started[0], candidates: [started[1]], after: last.cursor }
      // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
      for await (const { data, errors } of client.iterate<any>({ query: feed, variables })) {
        expect(errors).toBeUndefined()
        const { rows: changed, ...batch }: Batch & { rows: Row[] } = data.comparisonFeed
        last = batch
        for (const { datasetItem, cells } of changed) rows.set(datasetItem.id, cells)
        break
      }
      await client.dispose()
    }
    const query = `query($baseline: ID!, $candidates: [ID!]!, $after: String) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
      metrics { metric { kind name } pairs delta pValue verdict }
      rows(first: 100, after: $after) { nodes { datasetItem { id } cells { items { output } latencyMs } } pageInfo { hasNextPage endCursor } } } }`
    const found = new Map<string, object[]>()
    for (let after = null; ; ) {
      const { data } = await t.query(query, { baseline: started[0], candidates: [started[1]], after })
      expect(data.compareRuns.metrics).toEqual(last.metrics)
      for (const { datasetItem, cells } of data.compareRuns.rows.nodes) found.set(datasetItem.id, cells)
      if (!data.compareRuns.rows.pageInfo.hasNextPage) break
      after = data.compareRuns.rows.pageInfo.endCursor
    }
    expect(found.size).toBe(250)
    expect(rows).toEqual(found)
  })

  test('to the runs of a dataset report each run from its start to its end', async () => {
    const dataset = await seedDataset(t, numbers(20))
    const start = async (task: string) => {
      const experimentId = await seedExperiment(t, dataset, { kind: 'module', name: task })
      return gid('Run', (await startRun(t.services, t.scope, { experimentId })).id)
    }
    const client = createWsClient({ url: wsUrl(), webSocketImpl: WebSocket })
    const query = `subscription($id: ID!) { datasetRuns(datasetId: $id) { runs { id status progress { succeeded } } } }`
    const first = await start('held')
    let second: string | null = null
    const ended = new Map<string, number>()
    // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
    for await (const { data, errors } of client.iterate<any>({ query, variables: { id: gid('Dataset', dataset) } })) {
      expect(errors).toBeUndefined()
      const { runs } = data.datasetRuns
      if (second === null) {
        expect(runs).toMatchObject([{ id: first, progress: { succeeded: 0 } }])
        held.resolve()
        second = await start('echo')
      }
      for (const { id, status, progress } of runs) if (status === 'COMPLETED') ended.set(id, progress.succeeded)
      if (ended.size === 2) break
    }
    expect(Object.fromEntries(ended)).toEqual({ [first]: 20, [second ?? '']: 20 })
    await client.dispose()
  })
})
