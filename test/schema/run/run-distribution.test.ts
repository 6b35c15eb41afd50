import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let runId: string

const count = 40

/** Item n: score n, quality n % 5, tags even/odd and, for every tenth, tenth; tier gold, silver or none. */
beforeAll(async () => {
  t = await startTestServer()
  const datasetId = await seedDataset(
    t,
    Array.from({ length: count }, (_, n) => n),
    {
      tags: (n) => [...(n % 2 === 0 ? ['even'] : []), ...(n % 10 === 0 ? ['tenth'] : [])],
      metadata: (n) => (n < 30 ? { customer: { tier: n < 20 ? 'gold' : 2, ids: [n] } } : null),
    },
  )
  const executions = Array.from({ length: count }, (_, n): RecordedExecution => {
    if (n === count - 1) return { item: n, status: 'FAILED', error: 'down' }
    const scores = { score: n * n, rating: n % 5, right: n % 4 === 0, tone: n % 3 === 0 ? 'kind' : 'rude' }
    return {
      item: n,
      latencyMs: n + 1,
      costUsd: n % 2 === 0 ? 0.5 : null,
      scores: n === 7 ? { ...scores, rating: null } : scores,
    }
  })
  runId = await recordRun(t, datasetId, executions)
  const labels = ['kind', 'rude'].map((label) => ({ label, count: label === 'kind' ? 13 : 26 }))
  await t.db.prisma.runScoreLabel.createMany({
    data: labels.map((label) => ({ runId, name: 'tone', source: 'EVALUATOR', ...label })),
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const figures = 'count min p5 p25 p50 p75 p90 p95 p99 max'

async function stats(selection: string, id = runId) {
  const { data, errors } = await t.query(`{ run(id: "${encodeGlobalId('Run', id)}") { stats { ${selection} } } }`)
  return { ...data?.run?.stats, errors }
}

const byScore = (name: string, rest = '') => `distribution(metric: { score: { name: "${name}" } }${rest})`

test('a score has exact quantiles and a histogram of bins of equal width', async () => {
  const { distribution } = await stats(
    `${byScore('score', ', bins: 4')} { ${figures} dataType metric { kind name source } histogram { from to count } labels { label } }`,
  )
  const squares = Array.from({ length: count - 1 }, (_, n) => n * n)
  const at = (rank: number) => {
    const place = rank * (squares.length - 1)
    const [low = 0, high = low] = squares.slice(Math.floor(place), Math.floor(place) + 2)
    return expect.closeTo(low + (high - low) * (place % 1), 9)
  }
  expect(distribution).toMatchObject({
    ...{ count: 39, min: 0, max: 38 * 38, dataType: 'NUMERIC', labels: [] },
    metric: { kind: 'SCORE', name: 'score', source: 'EVALUATOR' },
    ...{ p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p90: at(0.9), p95: at(0.95), p99: at(0.99) },
  })
  const width = (38 * 38) / 4
  const within = (n: number) => squares.filter((value) => Math.min(3, Math.floor(value / width)) === n).length
  expect(distribution.histogram).toEqual(
    [0, 1, 2, 3].map((n) => ({ from: n * width, to: (n + 1) * width, count: within(n) })),
  )
})

test('few different values have a bin each, also those of booleans', async () => {
  const selection = `histogram { from to count }`
  const { ratings, right } = await stats(
    `ratings: ${byScore('rating', ', bins: 5')} { ${selection} } right: ${byScore('right')} { dataType p50 ${selection} }`,
  )
  const counts = [8, 8, 7, 8, 7]
  expect(ratings.histogram).toEqual(counts.map((count, value) => ({ from: value, to: value, count })))
  expect(right).toEqual({
    ...{ dataType: 'BOOLEAN', p50: 0 },
    histogram: [
      { from: 0, to: 0, count: 29 },
      { from: 1, to: 1, count: 10 },
    ],
  })
})

test('labels are counted, latency and cost are measured over what is known', async () => {
  const { tone, latency, cost } =
    await stats(`tone: ${byScore('tone')} { ${figures} histogram { count } labels { label count } }
    latency: distribution(metric: { latency: true }) { ${figures} metric { kind name } dataType }
    cost: distribution(metric: { cost: true }) { ${figures} histogram { from to count } }`)
  expect(tone).toMatchObject({
    ...{ count: 39, p50: null, histogram: [] },
    labels: [
      { label: 'rude', count: 26 },
      { label: 'kind', count: 13 },
    ],
  })
  expect(latency).toMatchObject({ count: 39, min: 1, p50: 20, max: 39, metric: { kind: 'LATENCY', name: null } })
  expect(cost).toMatchObject({ count: 20, p50: 0.5, histogram: [{ from: 0.5, to: 0.5, count: 20 }] })
})

test('a score that the run does not have is null; failures, too many bins and texts of a path are refused by name', async () => {
  expect(await stats(`${byScore('none')} { count }`)).toMatchObject({ distribution: null, errors: undefined })
  const { errors } = await stats(`a: ${byScore('score', ', bins: 0')} { count }
    b: distribution(metric: { failed: true }) { count } c: byMetadata(path: []) { total } d: byTag(first: 101) { total }`)
  const refused = errors?.map(({ path, extensions }: { path: string[]; extensions: object }) => [path[2], extensions])
  const at = (path: string) => expect.objectContaining({ code: 'INVALID_INPUT', path: [path] })
  expect(Object.fromEntries(refused ?? [])).toEqual({ a: at('bins'), b: at('metric'), c: at('path'), d: at('first') })
})

test('by tag, an item counts in the group of each of its tags, and those without any are one', async () => {
  const { byTag } = await stats(`byTag { value total succeeded failed costUsd unknownCostCount
    latencyMs { count avg min p50 max } scores { name source count errorCount missingCount items mean stddev stderr labels { label count } } }`)
  expect(byTag.map(({ value, total }: { value: string; total: number }) => [value, total])).toEqual([
    ['even', 20],
    [null, 20],
    ['tenth', 4],
  ])
  const [even, none, tenth] = byTag
  expect(even).toMatchObject({ succeeded: 20, failed: 0, costUsd: 10, unknownCostCount: 0 })
  expect(even.latencyMs).toEqual({ count: 20, avg: 20, min: 1, p50: 20, max: 39 })
  expect(none).toMatchObject({ succeeded: 19, failed: 1, costUsd: null, unknownCostCount: 20 })
  type Scores = { scores: { name: string; stddev: number; stderr: number }[] }
  const byName = (group: Scores) => new Map(group.scores.map((one) => [one.name, one]))
  expect(byName(tenth).get('score')).toMatchObject({
    count: 4,
    items: 4,
    mean: (0 + 100 + 400 + 900) / 4,
    missingCount: 0,
  })
  const { stddev = 0, stderr } = byName(tenth).get('score') ?? {}
  expect(stderr).toBeCloseTo(stddev / 2, 9)
  // Items 1, 3, … 37 without 7, whose evaluator failed, and 39, which failed.
  expect(byName(none).get('rating')).toMatchObject({ count: 18, errorCount: 1, missingCount: 1, items: 18 })
  expect(byName(tenth).get('tone')).toMatchObject({
    mean: null,
    labels: [
      { label: 'kind', count: 2 },
      { label: 'rude', count: 2 },
    ],
  })
})

test('by metadata, the largest groups come first and a path that leads nowhere is the group without a value', async () => {
  const { tier, second, nowhere } =
    await stats(`tier: byMetadata(path: ["customer", "tier"]) { value total scores { name mean } }
    second: byMetadata(path: ["customer", "ids", "0"], first: 2) { value total }
    nowhere: byMetadata(path: ["customer", "none"]) { value total }`)
  expect(tier.map(({ value, total }: { value: string; total: number }) => [value, total])).toEqual([
    ['gold', 20],
    ['2', 10],
    [null, 10],
  ])
  expect(tier[0].scores.find(({ name }: { name: string }) => name === 'right').mean).toBe(0.25)
  expect(second).toEqual([
    { value: null, total: 10 },
    { value: '0', total: 1 },
  ])
  expect(nowhere).toEqual([{ value: null, total: 40 }])
})

test('repetitions are averaged per item, and several people per execution', async () => {
  const datasetId = await seedDataset(t, [1, 2], { tags: () => ['all'] })
  const repeated = await recordRun(
    t,
    datasetId,
    [0, 1].flatMap((item) => [0, 1].map((repetition) => ({ item, repetition, scores: { score: item + repetition } }))),
    { repetitions: 2 },
  )
  const rate = async (author: string, value: number) => {
    const target = {
      runId: repeated,
      ordinal: 0,
      name: 'rated',
      dataType: 'NUMERIC' as const,
      source: 'HUMAN' as const,
    }
    await t.db.prisma.score.create({ data: { ...target, value, author } })
  }
  await Promise.all([rate('ann', 1), rate('ben', 4)])
  await t.db.prisma.runScoreSummary.create({
    data: {
      ...{ runId: repeated, name: 'rated', source: 'HUMAN', dataType: 'NUMERIC', direction: 'HIGHER_IS_BETTER' },
      ...{ failurePolicy: 'MISSING', count: 1, scoreCount: 2, items: 1, sum: 2.5, min: 2.5, max: 2.5 },
    },
  })
  const { byTag, distribution } = await stats(
    `byTag { value total scores { name source count items mean } } ${byScore('rated')} { count p50 }`,
    repeated,
  )
  expect(byTag).toEqual([
    {
      ...{ value: 'all', total: 4 },
      scores: expect.arrayContaining([
        { name: 'score', source: 'EVALUATOR', count: 4, items: 2, mean: 1 },
        { name: 'rated', source: 'HUMAN', count: 1, items: 1, mean: 2.5 },
      ]),
    },
  ])
  expect(distribution).toEqual({ count: 1, p50: 2.5 })
})
