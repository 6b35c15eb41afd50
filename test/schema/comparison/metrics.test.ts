/** Scores may have any name, also that of something measured; neither is ever taken for the other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string
let baseline: string
let candidate: string
let candidateRunId: string

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const names = ['costUsd', 'latencyMs', 'failed']

/** Every score is better in the candidate, and everything measured worse. */
const run = (better: boolean): RecordedExecution[] =>
  numbers(60).map((item) => ({
    item,
    latencyMs: better ? 200 + item : 100,
    costUsd: better ? 0.002 + item / 1e6 : 0.001,
    scores: Object.fromEntries(names.map((name) => [name, better])),
  }))

beforeAll(async () => {
  t = await startTestServer()
  datasetId = await seedDataset(t, numbers(60))
  const baselineRunId = await recordRun(t, datasetId, run(false))
  candidateRunId = await recordRun(t, datasetId, run(true))
  // Ordered by anything measured, the candidate is the smaller one; ordered by any score it is the larger one.
  await t.db.prisma.run.update({
    where: { id: baselineRunId },
    data: { latencySum: 6_000, latencyMin: 100, costSum: 60, costCount: 60, failed: 3 },
  })
  await t.db.prisma.run.update({
    where: { id: candidateRunId },
    data: { latencySum: 60, latencyMin: 1, costSum: 0.6, costCount: 60, failed: 1 },
  })
  baseline = encodeGlobalId('Run', baselineRunId)
  candidate = encodeGlobalId('Run', candidateRunId)
})
afterAll(() => t[Symbol.asyncDispose]())

const compareQuery = `query ($ids: [ID!]!, $baseline: ID, $margins: [MetricMarginInput!], $filter: ComparisonFilter, $orderBy: ComparisonOrder, $after: String) {
  compareRuns(baselineId: $baseline, candidateIds: $ids, margins: $margins) {
    metrics { metric { kind name } margin delta verdict reason regressed sequence { low } sequencePairs }
    rows(first: 5, filter: $filter, orderBy: $orderBy, after: $after) {
      nodes { datasetItem { latest { input } } } pageInfo { endCursor }
    }
  }
}`

async function compare(variables: object) {
  const { data, errors } = await t.query(compareQuery, { baseline, ids: [candidate], ...variables })
  const { metrics, rows } = data.compareRuns
  return {
    errors,
    of: (kind: string, name: string | null = null) =>
      // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
      metrics.find(({ metric }: any) => metric.kind === kind && metric.name === name),
    inputs: rows?.nodes.map((row: { datasetItem: { latest: { input: number } } }) => row.datasetItem.latest.input),
    endCursor: rows?.pageInfo.endCursor,
  }
}

describe.each([
  { name: 'costUsd', kind: 'COST', measured: { cost: true } },
  { name: 'latencyMs', kind: 'LATENCY', measured: { latency: true } },
])('a score named $name', ({ name, kind, measured }) => {
  const score = { score: { name } }

  test('is compared beside what is measured, and alone has a sequence', async () => {
    const { of } = await compare({})
    expect(of('SCORE', name)).toMatchObject({ delta: 1, verdict: 'IMPROVED', sequencePairs: 60 })
    expect(of(kind)).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'NOT_ASKED', regressed: 60, sequencePairs: 0 })
    const asked = await compare({ margins: [{ metric: measured, margin: 0 }] })
    expect(asked.of(kind)).toMatchObject({ verdict: 'REGRESSED', reason: null, regressed: 60, sequence: null })
  })

  test('has a margin of its own', async () => {
    const { of } = await compare({ margins: [{ metric: measured, margin: 500 }] })
    expect(of(kind)).toMatchObject({ margin: 500, verdict: 'EQUIVALENT' })
    expect(of('SCORE', name)).toMatchObject({ margin: 0 })
    const reversed = await compare({ margins: [{ metric: score, margin: 0.5 }] })
    expect(reversed.of(kind)).toMatchObject({ margin: 0 })
    expect(reversed.of('SCORE', name)).toMatchObject({ margin: 0.5 })
  })

  test('has a gate of its own', async () => {
    const query = `query ($id: ID!, $baseline: ID, $gate: GateInput) { node(id: $id) { ... on Run {
      gate(baselineId: $baseline, gate: $gate) { checks { rule metric { kind name } passed limit actual } } } } }`
    const gate = {
      minMeans: [{ metric: score, value: 1, minShare: 0.1 }],
      notWorse: [
        { metric: score, margin: 0.1 },
        { metric: measured, margin: 0.0001 },
      ],
    }
    const { data, errors } = await t.query(query, { id: candidate, baseline, gate })
    expect(errors).toBeUndefined()
    expect(data.node.gate.checks).toMatchObject([
      { rule: 'COMPLETED', metric: null },
      { rule: 'MIN_MEAN', metric: { kind: 'SCORE', name }, passed: true, actual: 1 },
      { rule: 'NOT_WORSE', metric: { kind: 'SCORE', name }, passed: true, limit: 0.1, actual: 1 },
      { rule: 'NOT_WORSE', metric: { kind, name: null }, passed: false, limit: 0.0001 },
      { rule: 'MAX_FAILURE_RATE', metric: null, limit: 0 },
    ])
    const refused = await t.query(query, { id: candidate, gate: { minMeans: [{ metric: measured, value: 1 }] } })
    expect(refused.errors?.[0]?.extensions).toEqual({
      code: 'INVALID_INPUT',
      path: ['gate', 'minMeans', '0', 'metric'],
    })
  })

  test('filters and orders rows by itself', async () => {
    const changed = async (metric: object, is: string) =>
      (await compare({ filter: { change: { metric, is } } })).inputs.length
    expect([await changed(score, 'IMPROVED'), await changed(score, 'REGRESSED')]).toEqual([5, 0])
    expect([await changed(measured, 'IMPROVED'), await changed(measured, 'REGRESSED')]).toEqual([0, 5])

    const worst = await compare({ orderBy: { field: 'REGRESSION', metric: measured } })
    expect(worst.inputs).toEqual([59, 58, 57, 56, 55])
    const { errors } = await compare({ orderBy: { field: 'REGRESSION', metric: score }, after: worst.endCursor })
    expect(errors?.[0]?.message).toMatch(/cursor of this list in this order/)
  })

  test('alone can stop a run, and has the verdict when it has', async () => {
    const start = `mutation ($input: StartRunInput!) { startRun(input: $input) { ... on UserError { message path } } }`
    const { experimentId } = await t.db.prisma.run.findUniqueOrThrow({ where: { id: candidateRunId } })
    const input = { experimentId: encodeGlobalId('Experiment', experimentId) }
    const { data } = await t.query(start, {
      input: { ...input, earlyStop: { baselineId: baseline, metric: measured } },
    })
    expect(data.startRun.message).toMatch(/Expected a score with bounds/)

    const stopped = await recordRun(t, datasetId, run(true), { status: 'STOPPED' })
    const [baselineId, metric] = [
      Buffer.from(baseline, 'base64url').toString().slice(4),
      { kind: 'SCORE', name, source: null },
    ]
    await t.db.prisma.run.update({
      where: { id: stopped },
      data: { stopReason: 'EARLY_DECISION', earlyStop: { baselineId, metric, margin: 0 } },
    })
    const { of } = await compare({ ids: [encodeGlobalId('Run', stopped)] })
    expect(of('SCORE', name)).toMatchObject({ verdict: 'IMPROVED' })
    expect(of(kind)).toMatchObject({ verdict: 'INCONCLUSIVE' })
    await t.db.prisma.run.delete({ where: { id: stopped } })
  })
})

test.each([
  { name: 'costUsd', measured: { cost: true } },
  { name: 'latencyMs', measured: { latency: true } },
  { name: 'failed', measured: { failed: true } },
])('runs are ordered by a score named $name or by what is measured', async ({ name, measured }) => {
  const query = `query ($id: ID!, $metric: MetricInput!, $after: String) { node(id: $id) { ... on Dataset {
    runs(first: 1, after: $after, orderBy: { field: METRIC, metric: $metric }) { nodes { id } pageInfo { endCursor } } } } }`
  const id = encodeGlobalId('Dataset', datasetId)
  const first = async (metric: object, after: string | null = null) => {
    const { data, errors } = await t.query(query, { id, metric, after })
    const runs = data.node?.runs
    return { errors, ids: runs?.nodes.map((run: { id: string }) => run.id), endCursor: runs?.pageInfo.endCursor }
  }
  const largest = await first(measured)
  expect(largest.ids).toEqual([baseline])
  expect((await first({ score: { name } })).ids).toEqual([candidate])
  const { errors } = await first({ score: { name } }, largest.endCursor)
  expect(errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', path: ['after'] })
})
