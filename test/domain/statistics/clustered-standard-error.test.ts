import fc from 'fast-check'
import * as oracle from 'simple-statistics'
import { expect, test } from 'vitest'
import { clusteredStandardError } from '../../../src/domain/statistics/clustered-standard-error.ts'

function clusterSumsOf(items: readonly (readonly number[])[]) {
  const totals = items.map((values) => ({ count: values.length, sum: values.reduce((sum, x) => sum + x, 0) }))
  const total = (f: (t: { count: number; sum: number }) => number) => totals.reduce((sum, t) => sum + f(t), 0)
  return {
    clusters: items.length,
    count: total((t) => t.count),
    sum: total((t) => t.sum),
    squaredCounts: total((t) => t.count ** 2),
    squaredSums: total((t) => t.sum ** 2),
    countTimesSum: total((t) => t.count * t.sum),
  }
}

test('with one repetition it is stddev / √n, and agrees with simple-statistics to 1e-6', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2 }), (values) => {
      const expected = oracle.sampleStandardDeviation(values) / Math.sqrt(values.length)
      const stderr = clusteredStandardError(clusterSumsOf(values.map((x) => [x])))
      expect(Math.abs((stderr ?? Number.NaN) - expected)).toBeLessThan(2e-6)
    }),
    { seed: 4 },
  )
})

test('equal values have no spread despite rounding noise', () => {
  expect(clusteredStandardError(clusterSumsOf(new Array(1_000).fill([0.1, 0.1, 0.1])))).toBe(0)
})

test('one item gives no estimate of the spread', () => {
  expect(clusteredStandardError(clusterSumsOf([[1, 0, 1]]))).toBeNull()
})

test('repeating every item exactly adds no evidence', () => {
  const items = [0.2, 0.9, 0.4, 0.4, 1, 0].map((x) => [x])
  const tripled = items.map(([x]) => [x, x, x] as number[])
  expect(clusteredStandardError(clusterSumsOf(tripled))).toBeCloseTo(
    clusteredStandardError(clusterSumsOf(items)) as number,
    12,
  )
})

test('unequal repetitions follow the definition √(G/(G−1) Σ(Sᵢ − nᵢm)²)/N', () => {
  // S = (2, 0, 3), n = (2, 1, 4), m = 5/7: deviations 4/7, −5/7, 1/7, so Σ² = 42/49 and the result √(3/2 · 42/49)/7.
  const items = [[1, 1], [0], [1, 1, 1, 0]]
  expect(clusteredStandardError(clusterSumsOf(items))).toBeCloseTo(Math.sqrt((1.5 * 42) / 49) / 7, 12)
})
