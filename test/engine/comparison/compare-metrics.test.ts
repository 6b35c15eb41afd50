import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidInputError, NotFoundError } from '../../../src/domain/errors.ts'
import type { Metric, MetricInput } from '../../../src/domain/metric.ts'
import { compareMetrics, type MetricComparison } from '../../../src/engine/comparison/compare-metrics.ts'
import { type ComparisonInput, openComparison } from '../../../src/engine/comparison/comparison.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { updateExperiment } from '../../../src/engine/experiments.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

async function compare(baselineId: string, candidateIds: string[], more: Partial<ComparisonInput> = {}) {
  const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds, ...more })
  return compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
}

/** The name of a score, or the kind of what is measured. */
const nameOf = (metric: Metric) => (metric.kind === 'SCORE' ? metric.name : metric.kind)

function figuresOf(metrics: MetricComparison[], name: string, candidate = 0) {
  const found = metrics.filter(({ metric }) => nameOf(metric) === name)[candidate]
  if (!found) throw new Error(`no metric ${name}`)
  const { metric: _, candidate: __, ...figures } = found
  return figures
}

/** Reproducible, from 0 to 1. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43758.5453
  return x - Math.floor(x)
}

describe('the figures of a comparison', () => {
  test('agree with the statistics of the same pairs held in memory, for every metric', async () => {
    const datasetId = await seedDataset(t, numbers(60))
    const run = (seed: number): RecordedExecution[] =>
      numbers(60).map((item) => ({
        item,
        latencyMs: 100 + 50 * noise(item * 3 + seed),
        costUsd: 0.001 * (1 + (item % 7)) + seed * 0.0001 * (item % 3),
        scores: { correct: noise(item * 7 + seed) < 0.6, quality: Math.round(noise(item + seed * 100) * 20) / 20 },
      }))
    const [before, after] = [run(1), run(2)]
    const baseline = await recordRun(t, datasetId, before)
    const candidate = await recordRun(t, datasetId, after)
    const metrics = await compare(baseline, [candidate])

    expect(metrics.map(({ metric }) => nameOf(metric))).toEqual(['correct', 'quality', 'LATENCY', 'COST', 'FAILED'])
    const measures = {
      correct: ({ scores }: RecordedExecution) => Number(scores?.correct),
      quality: ({ scores }: RecordedExecution) => Number(scores?.quality),
      LATENCY: ({ latencyMs }: RecordedExecution) => Number(latencyMs),
      COST: ({ costUsd }: RecordedExecution) => Number(costUsd),
    }
    for (const [name, value] of Object.entries(measures)) {
      const pairs = before.map((execution, i) => ({
        baseline: value(execution),
        candidate: value(after[i] as RecordedExecution),
      }))
      const direction = name === 'LATENCY' || name === 'COST' ? 'LOWER_IS_BETTER' : 'HIGHER_IS_BETTER'
      const { interval, differenceStddev: _, ...expected } = compareMetric(pairs, direction)
      const figures = figuresOf(metrics, name)
      expect(figures).toMatchObject({ method: expected.method, pairs: 60, missing: 0, unchanged: expected.unchanged })
      expect([figures.improved, figures.regressed]).toEqual([expected.improved, expected.regressed])
      for (const key of ['baselineMean', 'candidateMean', 'delta', 'pValue'] as const) {
        expect(figures[key], `${name}.${key}`).toBeCloseTo(expected[key] ?? Number.NaN, 9)
      }
      expect(figures.interval?.low).toBeCloseTo(interval?.low ?? Number.NaN, 9)
      expect(figures.interval?.high).toBeCloseTo(interval?.high ?? Number.NaN, 9)
    }
  })

  test('use the bootstrap on the individual differences where few pairs changed, all in one direction', async () => {
    const datasetId = await seedDataset(t, numbers(50))
    const value = (item: number) => (item < 6 ? 0.9 - 0.1 * item : 0)
    const baseline = await recordRun(
      t,
      datasetId,
      numbers(50).map((item) => ({ item, scores: { q: 0 } })),
    )
    const candidate = await recordRun(
      t,
      datasetId,
      numbers(50).map((item) => ({ item, scores: { q: value(item) } })),
    )
    const expected = compareMetric(
      numbers(50).map((item) => ({ baseline: 0, candidate: value(item) })),
      'HIGHER_IS_BETTER',
    )
    const figures = figuresOf(await compare(baseline, [candidate]), 'q')
    expect(expected.method).toBe('BCA_BOOTSTRAP')
    expect(figures.method).toBe('BCA_BOOTSTRAP')
    expect(figures.interval?.low).toBeCloseTo(expected.interval?.low ?? Number.NaN, 9)
    expect(figures.interval?.high).toBeCloseTo(expected.interval?.high ?? Number.NaN, 9)
  })

  test('of two identical runs show no difference, everything unchanged, nothing decided', async () => {
    const datasetId = await seedDataset(t, numbers(40))
    const run = numbers(40).map((item) => ({
      item,
      latencyMs: 10 + noise(item),
      costUsd: 0.01,
      scores: { correct: item % 3 === 0, quality: noise(item) },
    }))
    const baseline = await recordRun(t, datasetId, run)
    const candidate = await recordRun(t, datasetId, run)
    for (const candidateId of [candidate, baseline]) {
      for (const figures of await compare(baseline, [candidateId])) {
        expect(figures).toMatchObject({ delta: 0, pairs: 40, unchanged: 40, improved: 0, regressed: 0, missing: 0 })
        expect(figures).toMatchObject({ pValue: 1, verdict: 'INCONCLUSIVE' })
      }
    }
    const withMargin = await compare(baseline, [candidate], { margin: 0.1 })
    expect(figuresOf(withMargin, 'correct').verdict).toBe('EQUIVALENT')
    // Without bounds, what was not seen could be anything.
    expect(figuresOf(withMargin, 'quality').verdict).toBe('INCONCLUSIVE')
    expect(figuresOf(withMargin, 'quality').onTheseItems).toMatchObject({ verdict: 'EQUIVALENT', interval: { low: 0 } })
  })

  test('are mirrored exactly when baseline and candidate are swapped, including repetitions, gaps and sequences', async () => {
    const datasetId = await seedDataset(t, numbers(120))
    const run = (seed: number, repetitions: number): RecordedExecution[] =>
      numbers(120)
        .filter((item) => item % 11 !== seed)
        .flatMap((item) =>
          numbers(repetitions).map((repetition) => ({
            item,
            repetition,
            status: noise(item * 5 + repetition + seed) < 0.1 ? ('FAILED' as const) : ('SUCCEEDED' as const),
            latencyMs: noise(item + repetition * 77 + seed),
            scores: {
              correct: noise(item * 2 + repetition + seed) < 0.4 + seed * 0.2,
              quality: noise(item * 9 + repetition + seed),
            },
          })),
        )
    const a = await recordRun(t, datasetId, run(1, 3), { repetitions: 3 })
    const b = await recordRun(t, datasetId, run(2, 2), { repetitions: 2 })
    const [there, back] = [await compare(a, [b]), await compare(b, [a])]
    const negated = (x: number | null) => (x === null ? null : 0 - x)
    const flipped = (i: { low: number; high: number } | null) => i && { low: 0 - i.high, high: 0 - i.low }
    const verdicts = { IMPROVED: 'REGRESSED', REGRESSED: 'IMPROVED' } as Record<string, string>
    for (const name of ['correct', 'quality', 'LATENCY', 'COST']) {
      const [x, y] = [figuresOf(there, name), figuresOf(back, name)]
      expect(y).toEqual({
        ...x,
        baselineMean: x.candidateMean,
        candidateMean: x.baselineMean,
        delta: negated(x.delta),
        interval: flipped(x.interval),
        bounds: flipped(x.bounds),
        sequence: flipped(x.sequence),
        onTheseItems: {
          ...x.onTheseItems,
          verdict: verdicts[x.onTheseItems.verdict] ?? x.onTheseItems.verdict,
          interval: flipped(x.onTheseItems.interval),
        },
        improved: x.regressed,
        regressed: x.improved,
        verdict: verdicts[x.verdict] ?? x.verdict,
      })
    }
    expect(figuresOf(there, 'correct').sequencePairs).toBeGreaterThan(90)
  })

  test('count what cannot be compared: items of one run only, failures, missing scores, failed evaluators', async () => {
    const datasetId = await seedDataset(t, numbers(10))
    const scores = { q: 1 }
    const baseline = await recordRun(t, datasetId, [
      ...numbers(6).map((item) => ({ item, scores, latencyMs: 10, costUsd: 1 })),
      { item: 6, status: 'FAILED', error: 'boom', latencyMs: 5, costUsd: 2 },
      { item: 7, scores: {}, latencyMs: 10, costUsd: null },
    ])
    const candidate = await recordRun(t, datasetId, [
      ...numbers(4).map((item) => ({ item, scores, latencyMs: 20, costUsd: 1 })),
      { item: 4, scores: { q: null }, latencyMs: 20, costUsd: 1 },
      { item: 6, scores, latencyMs: 20, costUsd: 1 },
      { item: 7, scores, latencyMs: 20, costUsd: 1 },
      { item: 9, scores: { q: 1, other: 3 }, latencyMs: 20, costUsd: 1 },
    ])
    const metrics = await compare(baseline, [candidate])
    // Together the runs have items 0–7 and 9.
    expect(figuresOf(metrics, 'q')).toMatchObject({ pairs: 4, missing: 5, unchanged: 4 })
    expect(figuresOf(metrics, 'other')).toMatchObject({ pairs: 0, missing: 9, delta: null, verdict: 'INCONCLUSIVE' })
    expect(figuresOf(metrics, 'LATENCY')).toMatchObject({ pairs: 6, missing: 3, regressed: 6, delta: 10 })
    expect(figuresOf(metrics, 'COST')).toMatchObject({ pairs: 6, missing: 3, improved: 1, unchanged: 5 })
  })

  test('average repetitions per item first, however many each run made', async () => {
    const datasetId = await seedDataset(t, numbers(3))
    const repeated = (values: number[][]): RecordedExecution[] =>
      values.flatMap((of, item) => of.map((q, repetition) => ({ item, repetition, scores: { q } })))
    const baseline = await recordRun(
      t,
      datasetId,
      repeated([
        [0, 1],
        [0.1, 0.2],
        [0.3, 0.3],
      ]),
      { repetitions: 2 },
    )
    const candidate = await recordRun(t, datasetId, repeated([[1], [0.15], [0.3]]))
    const figures = figuresOf(await compare(baseline, [candidate]), 'q')
    expect(figures).toMatchObject({ pairs: 3, improved: 1, unchanged: 2, regressed: 0 })
    expect(figures.delta).toBeCloseTo(0.5 / 3, 12)
  })

  test('follow the direction of the score, and have no winner if it has none', async () => {
    const datasetId = await seedDataset(t, numbers(30))
    const run = (value: number) =>
      numbers(30).map((item) => ({ item, scores: { errors: value + item, length: value } }))
    const directions = { errors: 'LOWER_IS_BETTER', length: 'NONE' } as const
    const baseline = await recordRun(t, datasetId, run(5), { directions })
    const candidate = await recordRun(t, datasetId, run(3), { directions })
    const metrics = await compare(baseline, [candidate])
    expect(figuresOf(metrics, 'errors')).toMatchObject({ improved: 30, regressed: 0, verdict: 'IMPROVED' })
    expect(figuresOf(metrics, 'length')).toMatchObject({
      improved: 0,
      regressed: 0,
      unchanged: 0,
      verdict: 'INCONCLUSIVE',
    })
  })

  test('count the items with equal categories', async () => {
    const datasetId = await seedDataset(t, numbers(5))
    const run = (labels: (string | null)[]): RecordedExecution[] =>
      labels.map((tone, item) => (tone === null ? { item } : { item, scores: { tone } }))
    const baseline = await recordRun(t, datasetId, run(['calm', 'calm', 'angry', 'angry', 'calm']))
    const candidate = await recordRun(t, datasetId, run(['calm', 'angry', 'angry', 'angry', null]))
    const figures = figuresOf(await compare(baseline, [candidate]), 'tone')
    expect(figures).toMatchObject({ pairs: 4, unchanged: 3, missing: 1, delta: null, verdict: 'INCONCLUSIVE' })
  })

  test('come without interval, p value and verdict while a run executes, but with the sequence', async () => {
    const datasetId = await seedDataset(t, numbers(40))
    const run = (correct: boolean, open?: number) =>
      numbers(40).map((item) => (item === open ? { item, status: 'QUEUED' as const } : { item, scores: { correct } }))
    const baseline = await recordRun(t, datasetId, run(false))
    const scheduled = await t.db.prisma.runItem.findMany({ where: { runId: baseline }, orderBy: { ordinal: 'asc' } })
    const places = scheduled.map(({ itemId }) => scheduled.filter((other) => other.itemId < itemId).length)
    const candidate = await recordRun(t, datasetId, run(true, places[35]), { status: 'RUNNING' })
    const figures = figuresOf(await compare(baseline, [candidate]), 'correct')
    expect(figures).toMatchObject({
      delta: 1,
      pairs: 39,
      missing: 1,
      interval: null,
      pValue: null,
      adjustedPValue: null,
    })
    expect(figures).toMatchObject({ verdict: 'INCONCLUSIVE', method: null, pairsNeeded: null })
    // The four pairs behind the open one wait for it.
    expect(figures.sequencePairs).toBe(35)
    expect(figures.sequence?.low).toBeGreaterThan(0)
  })
})

test('several candidates are one family: each p value is corrected for all metrics of all of them', async () => {
  const datasetId = await seedDataset(t, numbers(50))
  const run = (wins: number) => numbers(50).map((item) => ({ item, scores: { correct: item < wins } }))
  const baseline = await recordRun(t, datasetId, run(20))
  const candidates = [await recordRun(t, datasetId, run(27)), await recordRun(t, datasetId, run(26))]
  const alone = figuresOf(await compare(baseline, candidates.slice(0, 1)), 'correct')
  const metrics = await compare(baseline, candidates)
  expect(alone.pValue).toBeCloseTo(2 / 2 ** 7, 12)
  expect(alone.adjustedPValue).toBeCloseTo(alone.pValue ?? 0, 12)
  expect(figuresOf(metrics, 'correct', 0).adjustedPValue).toBeCloseTo(2 * (alone.pValue ?? 0), 12)
  expect(figuresOf(metrics, 'correct', 1).adjustedPValue).toBeCloseTo(2 / 2 ** 6, 12)
})

test('primary metrics of the experiment, or of the comparison, keep their power beside others', async () => {
  const datasetId = await seedDataset(t, numbers(50))
  const names = ['a', 'b', 'c', 'd']
  const run = (wins: number) =>
    numbers(50).map((item) => ({ item, scores: Object.fromEntries(names.map((name) => [name, item < wins])) }))
  const baseline = await recordRun(t, datasetId, run(20))
  const candidate = await recordRun(t, datasetId, run(27))
  const p = 2 / 2 ** 7
  const adjusted = async (input: Partial<ComparisonInput> = {}) => {
    const metrics = await compare(baseline, [candidate], input)
    return names.map((name) => figuresOf(metrics, name).adjustedPValue ?? Number.NaN)
  }
  const score = (name: string) => ({ score: { name } })
  expect(await adjusted()).toEqual([4 * p, 4 * p, 4 * p, 4 * p])
  const named = { metrics: [score('b'), score('a')] }
  expect(await adjusted({ primaryMetrics: named })).toEqual([p, p, 2 * p, 2 * p])
  expect(await adjusted({ primaryMetrics: { ...named, procedure: 'HOLM', weights: [3, 1] } })).toEqual([
    (4 / 3) * p,
    (4 / 3) * p,
    2 * p,
    2 * p,
  ])
  const { experimentId: id } = await t.db.prisma.run.findUniqueOrThrow({ where: { id: candidate } })
  await updateExperiment(t.services, t.scope, { id, primaryMetrics: { metrics: [score('d'), score('not there')] } })
  expect(await adjusted()).toEqual([3 * p, 3 * p, 3 * p, p])
  const { source } = await t.db.prisma.runScoreSummary.findFirstOrThrow({ where: { runId: candidate } })
  const twice = [score('d'), { score: { name: 'd', source } }]
  await updateExperiment(t.services, t.scope, { id, primaryMetrics: { metrics: twice } })
  expect(await adjusted()).toEqual([3 * p, 3 * p, 3 * p, p])
  await updateExperiment(t.services, t.scope, { id, primaryMetrics: null })
  expect(await adjusted()).toEqual([4 * p, 4 * p, 4 * p, 4 * p])

  const latency = await compare(baseline, [candidate], { primaryMetrics: { metrics: [{ latency: true }] } })
  expect(figuresOf(latency, 'LATENCY').reason).toBe('NO_PAIRS')
  await expect(adjusted({ primaryMetrics: { metrics: [score('x')] } })).rejects.toMatchObject({
    path: ['primaryMetrics', 'metrics', '0'],
  })
  await expect(adjusted({ primaryMetrics: { ...named, weights: [1, 2] } })).rejects.toThrow(
    'expected no weights unless the procedure is HOLM',
  )
})

describe('a comparison is refused', () => {
  test('without candidates, with more than ten, and with duplicates', async () => {
    const datasetId = await seedDataset(t, numbers(1))
    const id = await recordRun(t, datasetId, [{ item: 0 }])
    await expect(compare(id, [])).rejects.toThrow('Expected 1 to 10 candidates, got 0.')
    await expect(compare(id, numbers(11).map(String))).rejects.toThrow('got 11')
    await expect(compare(id, [id, id])).rejects.toThrow(InvalidInputError)
  })

  test('for runs of different datasets, and runs of other projects', async () => {
    const [one, other] = [await seedDataset(t, [1]), await seedDataset(t, [1])]
    const a = await recordRun(t, one, [{ item: 0 }])
    const b = await recordRun(t, other, [{ item: 0 }])
    await expect(compare(a, [b])).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['candidateIds', '0'] })
    const { id: projectId } = await t.db.prisma.project.create({ data: { name: 'elsewhere' } })
    const input = { baselineId: a, candidateIds: [a] }
    await expect(openComparison(t.db, { projectId }, input)).rejects.toThrow(NotFoundError)
  })

  test('for margins below 0, and of metrics that cannot be compared', async () => {
    const datasetId = await seedDataset(t, [1])
    const id = await recordRun(t, datasetId, [{ item: 0, scores: { q: 1 } }])
    const open = (input: Partial<ComparisonInput>) =>
      openComparison(t.db, t.scope, { baselineId: id, candidateIds: [id], ...input })
    const margins = (metric: MetricInput, margin = 1) => open({ margins: [{ metric, margin }] })
    await expect(margins({ score: { name: 'x' } })).rejects.toThrow(
      'Expected a metric of these runs ("q", latency, cost, failed items), got "x".',
    )
    await expect(margins({ score: { name: 'q', source: 'HUMAN' } })).rejects.toThrow(
      'Expected a metric of these runs ("q", latency, cost, failed items), got "q" by people.',
    )
    await expect(margins({ latency: false })).rejects.toMatchObject({ path: ['margins', '0', 'metric', 'latency'] })
    await expect(margins({ latency: true }, -1)).rejects.toMatchObject({ path: ['margins', '0', 'margin'] })
    await expect(open({ margin: -1 })).rejects.toMatchObject({ path: ['margin'] })
  })
})
