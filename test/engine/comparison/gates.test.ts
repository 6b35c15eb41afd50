import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadLatencyBuckets, loadScoreSummaries } from '../../../src/db/sql/run/load-run-stats.ts'
import type { RunStatus } from '../../../src/domain/run.ts'
import { approveBaseline, removeBaseline } from '../../../src/engine/comparison/baselines.ts'
import { openComparison } from '../../../src/engine/comparison/comparison.ts'
import { checkRun, setGate } from '../../../src/engine/comparison/gates.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { setScore } from '../../../src/engine/scores.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const score = (name: string) => ({ score: { name } })
const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

/** A hundred items, of which this many are right and the last two failed, each for a tenth of a cent. */
const run = (right: number): RecordedExecution[] =>
  numbers(100).map((item) =>
    item < 98 ? { item, costUsd: 0.001, scores: { correct: item < right } } : { item, status: 'FAILED', error: 'no' },
  )

async function check(runId: string, gate: object, baselineId: string | null = null) {
  const found = await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  const summed = { ...found, costSum: found.succeeded * 0.001, costCount: found.succeeded }
  const result = await checkRun(
    t.db,
    new ComparisonSequences(t.db),
    t.scope,
    summed,
    { gate, baselineId },
    {
      experiment: (id) => t.db.prisma.experiment.findUniqueOrThrow({ where: { id } }),
      summaries: (id) => loadScoreSummaries(t.db.pool, [id]),
      buckets: (id) => loadLatencyBuckets(t.db.pool, [id]),
    },
  )
  if (!result) throw new Error('there is no gate')
  const { status, checks } = result
  return { status, failed: checks.filter(({ passed }) => !passed).map(({ rule }) => rule), checks }
}

describe('a gate', () => {
  test('passes a run that satisfies every rule, with a reason for each', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const baselineId = await recordRun(t, datasetId, run(80))
    const id = await recordRun(t, datasetId, run(80))
    const gate = {
      minMeans: [{ metric: score('correct'), value: 0.8 }],
      // Wide enough for the two failed items, whatever they could have been.
      notWorse: [{ metric: score('correct'), margin: 0.1 }],
      maxFailureRate: 0.02,
      maxCostUsd: 0.098,
      maxAvgCostUsd: 0.001,
    }
    const { status, checks } = await check(id, gate, baselineId)
    expect(status).toBe('PASSED')
    expect(checks.map(({ rule }) => rule)).toEqual([
      'COMPLETED',
      'MIN_MEAN',
      'NOT_WORSE',
      'MAX_FAILURE_RATE',
      'MAX_COST',
      'MAX_AVG_COST',
    ])
    expect(checks[3]).toMatchObject({
      limit: 0.02,
      actual: 0.02,
      reason: 'The share of failed items is 0.02; the limit is 0.02.',
    })
  })

  test('fails a run for every violated rule and for unknown values', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const baselineId = await recordRun(t, datasetId, run(80))
    const id = await recordRun(t, datasetId, run(40))
    const gate = {
      minMeans: [
        { metric: score('correct'), value: 0.8 },
        { metric: score('absent'), value: 0 },
      ],
      notWorse: [
        { metric: score('correct'), margin: 0.05 },
        { metric: score('absent'), margin: 0.05 },
      ],
      maxFailureRate: 0.01,
      maxCostUsd: 0.09,
      maxAvgLatencyMs: 100,
    }
    const { status, failed, checks } = await check(id, gate, baselineId)
    expect(status).toBe('FAILED')
    const all = ['MIN_MEAN', 'MIN_MEAN', 'NOT_WORSE', 'NOT_WORSE', 'MAX_FAILURE_RATE', 'MAX_COST', 'MAX_AVG_LATENCY']
    expect(failed).toEqual(all)
    expect(checks[2]).toMatchObject({ actual: null, reason: 'There is no score "absent".' })
    expect(checks[3]?.reason).toMatch(/^"correct" is worse than in the baseline/)
    expect(checks.at(-1)?.reason).toBe('The mean latency in ms is unknown.')
  })

  test('does not pass on what is missing', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const almostNothing = numbers(100).map(
      (item): RecordedExecution =>
        item === 0 ? { item, scores: { correct: true } } : { item, status: 'FAILED', error: 'no' },
    )
    const id = await recordRun(t, datasetId, almostNothing)
    const minMean = { metric: score('correct'), value: 0.9 }
    const { status, checks } = await check(id, { minMeans: [minMean] })
    expect([status, checks[1]]).toMatchObject([
      'FAILED',
      {
        passed: false,
        actual: 1,
        reason: 'The mean of "correct" is 1 over 1 of 100 items; the minimum is 0.9; at least 100 must have it.',
      },
    ])
    const few = { minMeans: [{ ...minMean, minShare: 0.01 }], maxFailureRate: 1 }
    expect((await check(id, few)).status).toBe('PASSED')
    expect((await check(id, { minMeans: [minMean], maxFailureRate: 0.99 })).status).toBe('PASSED')
    const brokenEvaluator = numbers(10).map((item) => ({ item, scores: { correct: item === 0 ? true : null } }))
    expect(await check(await recordRun(t, datasetId, brokenEvaluator), { minMeans: [minMean] })).toMatchObject({
      status: 'FAILED',
      failed: ['MIN_MEAN'],
    })
    // What its evaluator leaves out on purpose is not missing.
    const notApplicable = numbers(10).map(
      (item): RecordedExecution => ({ item, scores: item === 0 ? { correct: true } : {} }),
    )
    expect((await check(await recordRun(t, datasetId, notApplicable), { minMeans: [minMean] })).status).toBe('PASSED')
    const third = await recordRun(
      t,
      datasetId,
      numbers(3).map((item) => ({ item, scores: { correct: item === 0 } })),
    )
    expect((await check(third, { minMeans: [minMean] })).checks[1]?.reason).toBe(
      'The mean of "correct" is 0.333333; the minimum is 0.9.',
    )
    // What people have not scored is.
    const labelled = await recordRun(
      t,
      datasetId,
      numbers(10).map((item) => ({ item })),
    )
    await setScore(t.services, t.scope, { runId: labelled, ordinal: 0, name: 'liked', source: 'HUMAN', value: 1 })
    const liked = await check(labelled, { minMeans: [{ metric: score('liked'), value: 0.9 }] })
    expect(liked).toMatchObject({ status: 'FAILED', failed: ['MIN_MEAN'] })
    expect(liked.checks[1]?.reason).toBe(
      'The mean of "liked" is 1 over 1 of 10 items; the minimum is 0.9; at least 10 must have it.',
    )
  })

  test('does not pass on costs that are known of one item only', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const found = await recordRun(t, datasetId, run(98).slice(0, 98))
    const [row] = await t.db.prisma.run.findMany({ where: { id: found } })
    const reads = {
      experiment: (id: string) => t.db.prisma.experiment.findUniqueOrThrow({ where: { id } }),
      summaries: (id: string) => loadScoreSummaries(t.db.pool, [id]),
      buckets: (id: string) => loadLatencyBuckets(t.db.pool, [id]),
    }
    if (!row) throw new Error('there is no run')
    const known = { ...row, costSum: 0.001, costCount: 1 }
    const gate = { maxCostUsd: 0.01, maxAvgCostUsd: 0.002 }
    const result = await checkRun(t.db, new ComparisonSequences(t.db), t.scope, known, { gate }, reads)
    expect(result?.checks.slice(2)).toMatchObject([
      {
        passed: false,
        reason: 'The cost in USD is 0.001; the limit is 0.01, and the cost of 97 succeeded items is unknown.',
      },
      { passed: false },
    ])
  })

  test('allows no failures unless it says how many, and none that are hidden in a mean', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const minMeans = [{ metric: score('correct'), value: 0.8, minShare: 0.9 }]
    const id = await recordRun(t, datasetId, run(79), { policies: { correct: 'WORST' } })
    expect(await check(id, { minMeans })).toMatchObject({ status: 'FAILED', failed: ['MIN_MEAN', 'MAX_FAILURE_RATE'] })
    const { checks } = await check(id, { minMeans, maxFailureRate: 0.02 })
    expect(checks[1]).toMatchObject({
      passed: false,
      actual: 0.79,
      reason: 'The mean of "correct" is 0.79, 2 failed ones counted as the worst value; the minimum is 0.8.',
    })
    const missing = await recordRun(t, datasetId, run(79))
    expect(await check(missing, { minMeans, maxFailureRate: 0.02 })).toMatchObject({ status: 'PASSED' })
  })

  test('compares decimals as they are written', async () => {
    const datasetId = await seedDataset(t, numbers(3))
    const scores = [0.1, 0.2, 0.3].map((value, item) => ({ item, scores: { value } }))
    const id = await recordRun(t, datasetId, scores)
    expect((await check(id, { minMeans: [{ metric: score('value'), value: 0.2 }] })).status).toBe('PASSED')
  })

  test('does not accept a handful of pairs as proof of not being worse', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const baselineId = await recordRun(t, datasetId, run(80).slice(0, 90))
    const id = await recordRun(t, datasetId, run(78).slice(0, 90))
    const { status, checks } = await check(id, { notWorse: [{ metric: score('correct'), margin: 0.03 }] }, baselineId)
    expect(status).toBe('FAILED')
    expect(checks[1]?.reason).toMatch(/^It is undecided whether .*; about \d+ more pairs would decide it\.$/)
  })

  test('is pending while a run executes, and never passes a cancelled one', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const gate = { minMeans: [{ metric: score('correct'), value: 0.5 }], maxFailureRate: 0.02 }
    const recorded = (status: RunStatus) => recordRun(t, datasetId, run(80), { status })
    expect((await check(await recorded('RUNNING'), gate)).status).toBe('PENDING')
    expect(await check(await recorded('CANCELLED'), gate)).toMatchObject({ status: 'FAILED', failed: ['COMPLETED'] })
  })

  test('is stored with its experiment, and rejected if invalid', async () => {
    const datasetId = await seedDataset(t, numbers(1))
    await recordRun(t, datasetId, [{ item: 0 }])
    const { id } = await t.db.prisma.experiment.findFirstOrThrow({ where: { datasetId } })
    const set = await setGate(t.services, t.scope, id, { maxFailureRate: 0.1 })
    expect(set.gate).toMatchObject({ maxFailureRate: 0.1, minMeans: [], maxCostUsd: null })
    expect((await setGate(t.services, t.scope, id, null)).gate).toBeNull()
    await expect(setGate(t.services, t.scope, id, { maxFailureRate: 2 })).rejects.toMatchObject({
      path: ['gate', 'maxFailureRate'],
    })
    const noMargin = { notWorse: [{ metric: score('correct'), margin: 0 }] }
    await expect(setGate(t.services, t.scope, id, noMargin)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(setGate(t.services, { ...t.scope, role: 'READ' }, id, null)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})

describe('an approved baseline', () => {
  test('is the default for comparisons of its dataset, with its author and date', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const baseline = await recordRun(t, datasetId, run(80))
    const id = await recordRun(t, datasetId, run(80))
    const gate = { notWorse: [{ metric: score('correct'), margin: 0.1 }], maxFailureRate: 0.02 }
    expect((await check(id, gate)).checks[1]?.reason).toMatch(/There is no baseline/)

    const now = new Date('2026-11-22T12:00:00Z')
    const ada = { ...t.scope, person: { ...t.scope.person, name: 'Ada' } }
    const dataset = await approveBaseline(t.services, ada, baseline, now)
    expect(dataset).toMatchObject({ baselineRunId: baseline, baselineAuthor: 'Ada', baselineApprovedAt: now })
    const comparison = await openComparison(t.db, t.scope, { baselineId: null, candidateIds: [id] })
    expect(comparison.baseline?.id).toBe(baseline)
    expect((await check(id, gate)).status).toBe('PASSED')

    expect(await removeBaseline(t.services, t.scope, datasetId)).toMatchObject({
      baselineRunId: null,
      baselineAuthor: null,
    })
  })

  test('must be finished, and is removed when its run is deleted', async () => {
    const datasetId = await seedDataset(t, numbers(100))
    const running = await recordRun(t, datasetId, run(80), { status: 'RUNNING' })
    await expect(approveBaseline(t.services, t.scope, running)).rejects.toMatchObject({ code: 'CONFLICT' })
    const done = await recordRun(t, datasetId, run(80))
    await approveBaseline(t.services, t.scope, done)
    await t.db.prisma.run.delete({ where: { id: done } })
    expect(await t.db.prisma.dataset.findUnique({ where: { id: datasetId } })).toMatchObject({ baselineRunId: null })
  })
})
