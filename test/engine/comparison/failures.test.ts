/** Failures are data: whoever fails where it would be wrong gains nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reduceRepetitions } from '../../../src/db/sql/score/reduce-repetitions.ts'
import type { FailurePolicy } from '../../../src/domain/evaluation.ts'
import { compareMetrics } from '../../../src/engine/comparison/compare-metrics.ts'
import { type ComparisonInput, openComparison } from '../../../src/engine/comparison/comparison.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

async function compare(baselineId: string, candidateId: string, more: Partial<ComparisonInput> = {}) {
  const input = { baselineId, candidateIds: [candidateId], ...more }
  const comparison = await openComparison(t.db, t.scope, input)
  const metrics = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
  return (name: string) => {
    const found = metrics.find(({ metric }) => (metric.kind === 'SCORE' ? metric.name : metric.kind) === name)
    if (!found) throw new Error(`no metric ${name}`)
    return found
  }
}

/** Solves `right` of 200 items; where it is wrong it fails instead on `failing` of them. */
const run = (right: number, failing: number): RecordedExecution[] =>
  numbers(200).map((item) =>
    item >= right && item < right + failing
      ? { item, status: 'FAILED', error: 'no', latencyMs: 400 }
      : { item, scores: { correct: item < right }, latencyMs: 50 + (item % 7), costUsd: 0.001 },
  )

async function pair(policy: FailurePolicy, baseline = run(122, 0), candidate = run(122, 78)) {
  const datasetId = await seedDataset(t, numbers(200))
  const options = { policies: { correct: policy } }
  return [await recordRun(t, datasetId, baseline, options), await recordRun(t, datasetId, candidate, options)] as const
}

describe('a candidate that fails where it would be wrong', () => {
  test('is no better, whatever failures count as, and fails more', async () => {
    const [baseline, candidate] = await pair('MISSING')
    const of = await compare(baseline, candidate)
    expect(of('correct')).toMatchObject({
      ...{ pairs: 122, missing: 78, lacking: 78, notExecuted: 0, delta: 0, verdict: 'INCONCLUSIVE' },
      bounds: { low: 0, high: 78 / 200 },
    })
    expect(of('FAILED')).toMatchObject({ pairs: 200, delta: 0.39, regressed: 78, verdict: 'REGRESSED', missing: 0 })

    const counted = await compare(...(await pair('WORST')))
    expect(counted('correct')).toMatchObject({ pairs: 200, missing: 0, lacking: 0, delta: 0, unchanged: 200 })
    expect(counted('correct').sequencePairs).toBe(200)
    const refused = await compare(...(await pair('REFUSE', run(60, 0), run(180, 1))))
    expect(refused('correct')).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES', lacking: 1 })
  })

  test('does not win by what is left, not in the sequence either', async () => {
    // The baseline gets 150 right; the candidate 150 as well, and fails on 40 of the 50 others, of which 30 were right.
    const baseline = numbers(200).map((item) => ({ item, scores: { correct: item >= 40 && item < 190 } }))
    const candidate = numbers(200).map(
      (item): RecordedExecution =>
        item >= 160 ? { item, status: 'FAILED', error: 'no' } : { item, scores: { correct: item >= 10 } },
    )
    const of = await compare(...(await pair('MISSING', baseline, candidate)))
    const { pValue, delta, verdict, reason, bounds, sequence, onTheseItems } = of('correct')
    expect(delta).toBeCloseTo(30 / 160, 12)
    expect(pValue).toBeLessThan(1e-8)
    expect({ verdict, reason }).toEqual({ verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES' })
    expect(bounds).toEqual({ low: 0, high: 40 / 200 })
    expect(sequence?.low).toBeLessThan(0)
    expect(onTheseItems).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES', interval: bounds })
  })

  test('still wins if it wins whatever is missing', async () => {
    const [baseline, candidate] = await pair('MISSING', run(40, 0), run(150, 5))
    const of = await compare(baseline, candidate)
    expect(of('correct')).toMatchObject({ verdict: 'IMPROVED', reason: null, lacking: 5 })
    const { bounds, adjustedPValue, pValue } = of('correct')
    expect(bounds).toEqual({ low: 110 / 200, high: 115 / 200 })
    expect(adjustedPValue).toBeGreaterThanOrEqual(pValue ?? 1)
  })
})

test('timeouts are not fast: a latency is only better if it is so with the failed calls as slow as allowed', async () => {
  const faster = run(100, 50).map((execution) => ({ ...execution, latencyMs: 40 + (execution.item % 5) }))
  const [baseline, candidate] = await pair('WORST', run(200, 0), faster)
  const of = await compare(baseline, candidate, { margins: [{ metric: { latency: true }, margin: 100 }] })
  expect(of('LATENCY')).toMatchObject({ pairs: 150, lacking: 50, verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES' })
  expect(of('LATENCY').bounds?.high).toBeGreaterThan(10_000)
})

test('a failed evaluator lacks a value too, and one that does not apply lacks none', async () => {
  const scored = (value: (item: number) => boolean | null | undefined) =>
    numbers(200).map((item): RecordedExecution => {
      const correct = value(item)
      return correct === undefined ? { item } : { item, scores: { correct } }
    })
  const baseline = scored((item) => (item < 20 ? undefined : item < 100))
  const candidate = scored((item) => (item < 20 ? undefined : item < 24 ? null : item < 100))
  const of = await compare(...(await pair('WORST', baseline, candidate)))
  expect(of('correct')).toMatchObject({ pairs: 176, missing: 24, lacking: 4, notExecuted: 0 })
  expect(of('correct').bounds).toEqual({ low: -4 / 180, high: 0 })
})

test('of several repetitions the failed ones count', async () => {
  const datasetId = await seedDataset(t, numbers(30))
  const repeated = (failing: number): RecordedExecution[] =>
    numbers(30).flatMap((item) =>
      numbers(5).map(
        (repetition): RecordedExecution =>
          repetition < failing
            ? { item, repetition, status: 'FAILED', error: 'no' }
            : { item, repetition, scores: { correct: true } },
      ),
    )
  const runs = async (policy: FailurePolicy) => {
    const options = { repetitions: 5, policies: { correct: policy } }
    return [await recordRun(t, datasetId, repeated(0), options), await recordRun(t, datasetId, repeated(4), options)]
  }
  const [a = '', b = ''] = await runs('WORST')
  const counted = (await compare(a, b))('correct')
  expect(counted.candidateMean).toBeCloseTo(0.2, 12)
  expect(counted).toMatchObject({ pairs: 30, regressed: 30, verdict: 'REGRESSED' })
  const [c = '', d = ''] = await runs('MISSING')
  const missing = (await compare(c, d))('correct')
  expect(missing).toMatchObject({ pairs: 30, unchanged: 30, lacking: 0, verdict: 'INCONCLUSIVE' })
  expect(missing.bounds?.low).toBeCloseTo(-0.8, 12)
  // pass@5 and pass^5 of one success and four failed repetitions.
  expect(await reduceRepetitions(t.db.pool, [d])).toMatchObject([{ mean: 1, highest: 1, lowest: 0, majority: 0 }])
  const failed = (await compare(c, d))('FAILED')
  expect(failed.delta).toBeCloseTo(0.8, 12)
  expect(failed).toMatchObject({ regressed: 30, verdict: 'REGRESSED' })
})
