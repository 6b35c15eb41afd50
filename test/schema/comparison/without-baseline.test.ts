/** Where no run is approved as baseline and none is named, runs are still shown beside each other. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { approveBaseline, removeBaseline } from '../../../src/engine/comparison/baselines.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string
let rawIds: string[]
let ids: string[]

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const correct = { score: { name: 'correct' } }

beforeAll(async () => {
  t = await startTestServer()
  datasetId = await seedDataset(t, numbers(10))
  const run = (from: number, right: number) =>
    numbers(10)
      .filter((item) => item >= from)
      .map((item) => ({ item, output: item, latencyMs: 10, scores: { correct: item < right, tone: 'calm' } }))
  rawIds = [await recordRun(t, datasetId, run(2, 5)), await recordRun(t, datasetId, run(0, 8))]
  ids = rawIds.map((id) => encodeGlobalId('Run', id))
})
afterAll(() => t[Symbol.asyncDispose]())

const rowFields =
  'datasetItem { latest { input } } cells { run { id } items { output } scores { name value label delta change } outputDiff { kind } }'
const query = `query ($ids: [ID!]!, $filter: ComparisonFilter, $orderBy: ComparisonOrder, $first: Int, $after: String) {
  compareRuns(candidateIds: $ids) {
    baseline { id } candidates { id } metrics { verdict }
    rows(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ${rowFields} } pageInfo { hasNextPage endCursor } }
  }
}`

test('the comparison has the rows of the candidates, without baseline, metrics and changes', async () => {
  const { data, errors } = await t.query(query, { ids })
  expect(errors).toBeUndefined()
  const { rows, ...rest } = data.compareRuns
  expect(rest).toEqual({ baseline: null, candidates: ids.map((id) => ({ id })), metrics: [] })
  expect(rows.nodes).toHaveLength(10)
  for (const { datasetItem, cells } of rows.nodes) {
    const { input } = datasetItem.latest
    const scores = (right: number) => [
      { name: 'correct', value: input < right ? 1 : 0, label: null, delta: null, change: null },
      { name: 'tone', value: null, label: 'calm', delta: null, change: null },
    ]
    const missing = scores(0).map((score) => ({ ...score, value: null, label: null }))
    expect(cells).toEqual([
      {
        run: { id: ids[0] },
        items: input < 2 ? [] : [{ output: input }],
        scores: input < 2 ? missing : scores(5),
        outputDiff: null,
      },
      { run: { id: ids[1] }, items: [{ output: input }], scores: scores(8), outputDiff: null },
    ])
  }
})

test('rows are paged and filtered as ever; none has changed, so any order by a change is the schedule', async () => {
  const inputs = async (variables: object) => {
    const found: number[] = []
    for (let after: string | null = null; ; ) {
      const { data, errors } = await t.query(query, { ids, first: 3, after, ...variables })
      expect(errors).toBeUndefined()
      const { nodes, pageInfo } = data.compareRuns.rows
      found.push(...nodes.map((row: { datasetItem: { latest: { input: number } } }) => row.datasetItem.latest.input))
      if (!pageInfo.hasNextPage) return found
      after = pageInfo.endCursor
    }
  }
  const schedule = await inputs({})
  expect(schedule.toSorted()).toEqual(numbers(10))
  for (const field of ['REGRESSION', 'IMPROVEMENT', 'CHANGE']) {
    expect(await inputs({ orderBy: { field, metric: correct } })).toEqual(schedule)
  }
  for (const is of ['IMPROVED', 'REGRESSED', 'CHANGED', 'UNCHANGED', 'MISSING']) {
    expect(await inputs({ filter: { change: { metric: correct, is } } })).toEqual([])
  }
  expect(await inputs({ filter: { search: '7' } })).toEqual([7])
  const counts = `query ($ids: [ID!]!) { compareRuns(candidateIds: $ids) { all: rows { countUpTo }
    changed: rows(filter: { change: { metric: { latency: true }, is: CHANGED } }) { countUpTo } } }`
  const { data } = await t.query(counts, { ids })
  expect(data.compareRuns).toEqual({ all: { countUpTo: 10 }, changed: { countUpTo: 0 } })
})

test('a rule of a gate that needs a baseline does not pass, and says why; the others are checked', async () => {
  const { data, errors } = await t.query(
    `query ($id: ID!, $gate: GateInput!) { node(id: $id) { ... on Run { gate(gate: $gate) { status checks { rule passed actual reason } } } } }`,
    {
      id: ids[1],
      gate: { minMeans: [{ metric: correct, value: 0.5 }], notWorse: [{ metric: correct, margin: 0.1 }] },
    },
  )
  expect(errors).toBeUndefined()
  expect(data.node.gate).toMatchObject({
    status: 'FAILED',
    checks: [
      { rule: 'COMPLETED', passed: true },
      { rule: 'MIN_MEAN', passed: true, actual: 0.8 },
      { rule: 'NOT_WORSE', passed: false, actual: null, reason: expect.stringContaining('no baseline') },
      { rule: 'MAX_FAILURE_RATE', passed: true, actual: 0 },
    ],
  })
})

test('the feed brings the rows, and stays without a baseline when one is approved', async () => {
  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const feed = `subscription ($ids: [ID!]!, $baseline: ID, $after: String, $window: FeedWindow) {
    comparisonFeed(baselineId: $baseline, candidateIds: $ids, after: $after, window: $window) {
      cursor done runs { id } metrics { verdict } rows { ${rowFields} } } }`
  const first = async (variables: object) => {
    // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
    const { value } = await client.iterate<any>({ query: feed, variables: { ids, ...variables } }).next()
    return value
  }
  const { data, errors } = await first({})
  expect(errors).toBeUndefined()
  const { cursor, rows, ...batch } = data.comparisonFeed
  expect(batch).toEqual({ done: true, runs: ids.map((id) => ({ id })), metrics: [] })
  expect(rows).toHaveLength(10)
  const shown = await t.query(query, { ids })
  expect(rows).toEqual(expect.arrayContaining(shown.data.compareRuns.rows.nodes))
  const windowed = await first({ window: { positions: { from: 0, to: 1 } } })
  expect(windowed.data.comparisonFeed.rows).toEqual(
    expect.arrayContaining(shown.data.compareRuns.rows.nodes.slice(0, 2)),
  )

  expect((await first({ after: cursor })).data.comparisonFeed).toMatchObject({ rows: [], cursor })
  // The same runs, but one of them is the baseline: its rows have changes.
  const other = await first({ baseline: ids[0], ids: [ids[1]], after: cursor })
  expect(other.errors[0].extensions).toEqual({ code: 'INVALID_INPUT', path: ['after'] })
  await approveBaseline(t.services, t.scope, rawIds[0] ?? '')
  expect((await t.query(query, { ids })).data.compareRuns.baseline).toEqual({ id: ids[0] })
  await removeBaseline(t.services, t.scope, datasetId)
  await client.dispose()
})
