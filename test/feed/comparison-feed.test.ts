import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/domain/execution/task.ts'
import { type Metric, metricKey, scoreMetric } from '../../src/domain/metric.ts'
import { compareMetrics, type MetricComparison } from '../../src/engine/comparison/compare-metrics.ts'
import { openComparison } from '../../src/engine/comparison/comparison.ts'
import { type ComparedRow, comparisonRows } from '../../src/engine/comparison/rows.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { deleteScore, setScore } from '../../src/engine/scores.ts'
import type { ComparisonFeedBatch } from '../../src/feed/comparison-feed.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestEngine

/** Answers right after a while, the more often the better it is; fast when it is wrong, and sometimes not at all. */
const guess = (skill: number) => async (input: number) => {
  const luck = ((input * 7919) % 101) / 101
  await new Promise((resolve) => setTimeout(resolve, luck < skill ? 2 + 20 * luck : 0))
  if (input % 17 === 5) throw new TaskError('TASK_FAILED', 'no answer', { retryable: false })
  return luck < skill ? input : -1
}

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'weak', run: guess(0.4) },
      { name: 'strong', run: guess(0.8) },
    ],
    evaluators: [{ name: 'length', evaluate: ({ output }) => ({ value: String(output).length, dataType: 'NUMERIC' }) }],
  })
  const exact = { kind: 'builtin', type: 'exactMatch', ignoreCase: false, normalizeWhitespace: false } as const
  await createEvaluator(t.services, t.scope, {
    name: 'exact',
    definition: { ...exact, outputPath: null, expectedPath: null },
  })
  await createEvaluator(t.services, t.scope, { name: 'length', definition: { kind: 'module', module: 'length' } })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

const isScore = (metric: Metric, name: string) => metric.kind === 'SCORE' && metric.name === name

async function start(datasetId: string, task: string, settings: object = {}): Promise<string> {
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: task }, settings)
  return (await startRun(t.services, t.scope, { experimentId })).id
}

/** What clients can see of a metric. */
const shown = ({ candidate, ...figures }: MetricComparison) => ({ ...figures, candidate: candidate.id })

/** What clients can see of a row; the runs beside its cells come with every batch. */
const shownRow = ({ cells, ...row }: ComparedRow) => ({
  ...row,
  cells: cells.map(({ run, baseline: _, ...cell }) => ({ ...cell, run: run.id })),
})

async function final(baselineId: string, candidateIds: string[]) {
  const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds })
  const metrics = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
  const rows: ComparedRow[] = []
  for (let after: string[] | null = null; ; ) {
    const request = { limit: 100, backward: false, after, before: null }
    const page = await comparisonRows(t.db, comparison, {}, { field: 'SCHEDULE' }, request)
    rows.push(...page.rows)
    after = page.rows.at(-1)?.sortKey ?? null
    if (!page.hasNextPage) break
  }
  return {
    metrics: metrics.map(shown),
    rows: new Map(
      rows.map(({ sortKey: _, ...row }: ComparedRow & { sortKey?: string[] }) => [row.itemId, shownRow(row)]),
    ),
  }
}

/** Consumes the feed and breaks off at random, continuing from the last cursor, until it is done. */
async function follow(baselineId: string, candidateIds: string[], random: () => number) {
  const rows = new Map<string, ReturnType<typeof shownRow>>()
  let last: ComparisonFeedBatch | null = null
  let connections = 0
  while (!last?.done) {
    connections += 1
    const feed = await t.comparisons.subscribe(
      t.scope,
      { baselineId, candidateIds },
      last?.cursor ?? null,
      AbortSignal.timeout(60_000),
    )
    for await (const batch of feed) {
      expect(batch.rows.length).toBeLessThanOrEqual(102)
      for (const row of batch.rows) rows.set(row.itemId, shownRow(row))
      last = batch
      if (random() < 0.4) break
    }
  }
  return { metrics: last.metrics?.map(shown), rows, connections }
}

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
}

describe('a client that only follows the feed', () => {
  test('ends with exactly what the comparison returns, however often it is disconnected', async () => {
    const datasetId = await seedDataset(t, numbers(150))
    const baseline = await start(datasetId, 'weak', { concurrency: 15, repetitions: 2 })
    const candidates = [
      await start(datasetId, 'strong', { concurrency: 8 }),
      await start(datasetId, 'weak', { concurrency: 30, repetitions: 3 }),
    ]
    const clients = await Promise.all([1, 2, 3].map((seed) => follow(baseline, candidates, randomFrom(seed))))
    const expected = await final(baseline, candidates)
    expect(expected.rows.size).toBe(150)
    for (const { metrics, rows, connections } of clients) {
      expect(connections).toBeGreaterThan(3)
      expect(metrics).toEqual(expected.metrics)
      expect(rows).toEqual(expected.rows)
    }
    const exact = expected.metrics.find(
      ({ metric, candidate }) => isScore(metric, 'exact') && candidate === candidates[0],
    )
    expect(exact).toMatchObject({ verdict: 'IMPROVED', regressed: 0 })
    expect(exact?.sequence?.low).toBeGreaterThan(0)
    expect(t.comparisons.subscribers).toBe(0)
  })

  test('sees the statistics so far while the runs execute, and never an early p value', async () => {
    const datasetId = await seedDataset(t, numbers(400))
    const baseline = await start(datasetId, 'weak', { concurrency: 4 })
    const candidate = await start(datasetId, 'strong', { concurrency: 2 })
    const seen: number[] = []
    const intervals: { low: number; high: number }[] = []
    const input = { baselineId: baseline, candidateIds: [candidate] }
    for await (const batch of await t.comparisons.subscribe(t.scope, input, null, AbortSignal.timeout(60_000))) {
      const exact = batch.metrics?.find(({ metric }) => isScore(metric, 'exact'))
      if (!exact) continue
      seen.push(exact.sequencePairs)
      if (exact.sequence) intervals.push(exact.sequence)
      if (!batch.done) expect([exact.pValue, exact.interval, exact.verdict]).toEqual([null, null, 'INCONCLUSIVE'])
      else expect(exact.pValue).toBeLessThan(0.01)
    }
    expect(new Set(seen).size).toBeGreaterThan(2)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(intervals.length).toBeGreaterThan(1)
    // It only ever tightens.
    intervals.slice(1).forEach((interval, i) => {
      expect(interval.low).toBeGreaterThanOrEqual(intervals[i]?.low ?? 0)
      expect(interval.high).toBeLessThanOrEqual(intervals[i]?.high ?? 0)
    })
  })
})

test('a score deleted later starts the sequence over, so that following and replaying stay the same', async () => {
  const datasetId = await seedDataset(t, numbers(60))
  const run = (correct: (item: number) => boolean) =>
    numbers(60).map((item) => ({ item, scores: { correct: correct(item) } }))
  const baseline = await recordRun(
    t,
    datasetId,
    run(() => false),
  )
  const candidate = await recordRun(
    t,
    datasetId,
    run((item) => item < 50),
  )
  const followed = new ComparisonSequences(t.db)
  const read = async (sequences: ComparisonSequences) => {
    const comparison = await openComparison(t.db, t.scope, { baselineId: baseline, candidateIds: [candidate] })
    const [first = comparison.baseline] = comparison.candidates
    return (await sequences.read(comparison.baseline, first, comparison.metrics)).get(
      metricKey(scoreMetric('correct', 'EVALUATOR')),
    )
  }
  const before = await read(followed)
  expect(before).toEqual(await read(new ComparisonSequences(t.db)))
  const scores = await t.db.prisma.score.findMany({ where: { runId: candidate, ordinal: { lt: 20 } } })
  for (const { id } of scores) await deleteScore(t.services, t.scope, { runId: candidate, id: String(id) })
  const after = await read(followed)
  expect(after).toEqual(await read(new ComparisonSequences(t.db)))
  expect(after?.pairs).toBe((before?.pairs ?? 0) - 20)
})

test('a sequence of one score does not start those of all scores over', async () => {
  const datasetId = await seedDataset(t, numbers(20))
  const run = (correct: boolean) => numbers(20).map((item) => ({ item, scores: { correct, fast: true } }))
  const baselineId = await recordRun(t, datasetId, run(false))
  const candidateIds = [await recordRun(t, datasetId, run(true))]
  const { baseline, candidates, metrics } = await openComparison(t.db, t.scope, { baselineId, candidateIds })
  const [candidate = baseline] = candidates
  const sequences = new ComparisonSequences(t.db)
  const followed = await sequences.read(baseline, candidate, metrics)
  const correct = metricKey(scoreMetric('correct', 'EVALUATOR'))
  const fast = metricKey(scoreMetric('fast', 'EVALUATOR'))
  expect([...followed.keys()].sort()).toEqual([metricKey({ kind: 'FAILED' }), correct, fast])
  const watched = metrics.filter(({ metric }) => isScore(metric, 'correct'))
  expect(await sequences.read(baseline, candidate, watched)).toEqual(new Map([[correct, followed.get(correct)]]))
  const [again, statements] = await recordStatements(() => sequences.read(baseline, candidate, metrics))
  expect(again).toEqual(followed)
  expect(statements.filter((statement) => statement.includes('frontier'))).toEqual([])
})

test('a change is read at one moment and computed once for all subscribers of a comparison, whatever their windows', async () => {
  const datasetId = await seedDataset(t, numbers(10))
  const record = (good: boolean) =>
    recordRun(
      t,
      datasetId,
      numbers(10).map((item) => ({ item, scores: { good } })),
    )
  const input = { baselineId: await record(false), candidateIds: [await record(true)] }
  const [runId = ''] = input.candidateIds
  const ended = new AbortController()
  const follow = async (position: number) => {
    const window = { positions: { from: position, to: position } }
    const feed = await t.comparisons.subscribe(t.scope, input, null, ended.signal, { window, until: 'NEVER' })
    await feed.next()
    return feed
  }
  const change = (feeds: Awaited<ReturnType<typeof follow>>[], value: number) =>
    recordStatements(async () => {
      const score = { runId, ordinal: 9, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value } as const
      const batches = feeds.map((feed) => feed.next())
      await setScore(t.services, t.scope, score)
      return Promise.all(batches)
    })
  const first = await follow(0)
  const [, alone] = await change([first], 1)
  const [batches, statements] = await change([first, await follow(1), await follow(2)], 0)
  ended.abort()
  for (const { value } of batches) expect(value).toMatchObject({ rows: [], changedOutside: 1 })
  expect(batches.map(({ value }) => value.metrics)).toEqual(batches.map(() => batches[0]?.value.metrics))
  const begun = (of: string[]) => of.filter((text) => text.startsWith('BEGIN ISOLATION')).length
  expect([begun(alone), begun(statements)]).toEqual([1, 1])
  /** Those that only the metrics need. */
  const metrics = (of: string[]) => of.filter((text) => /frontier|AS "itemIds"/.test(text)).length
  expect(metrics(alone)).toBeGreaterThan(0)
  expect(metrics(statements)).toBe(metrics(alone))
})

test('the feed refuses cursors it never gave and runs that are not there', async () => {
  const datasetId = await seedDataset(t, numbers(2))
  const runs = [await recordRun(t, datasetId, [{ item: 0 }]), await recordRun(t, datasetId, [{ item: 1 }])]
  const [baselineId = '', candidate = ''] = runs
  const next = async (candidateId: string, after: string | null) => {
    const input = { baselineId, candidateIds: [candidateId] }
    return (await t.comparisons.subscribe(t.scope, input, after, AbortSignal.timeout(30_000))).next()
  }
  const { cursor = '' } = (await next(candidate, null)).value ?? {}
  const ofOneRun = (await (await t.feeds.subscribe(t.scope, candidate, null, AbortSignal.timeout(30_000))).next()).value
  const altered = (change: (text: string) => string) =>
    Buffer.from(change(Buffer.from(cursor, 'base64url').toString())).toString('base64url')
  const never = ['', '1.1', ofOneRun.cursor, altered((text) => `${text}.1`), altered((text) => text.replace('.', ','))]
  for (const cursor of never) {
    await expect(next(candidate, cursor), cursor).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['after'] })
  }
  await expect(
    next(
      candidate,
      altered((text) => `${text}9`),
    ),
  ).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  await expect(next(crypto.randomUUID(), null)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await next(candidate, cursor)).value).toMatchObject({ done: true, rows: [], cursor })
})
