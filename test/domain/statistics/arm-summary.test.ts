import fc from 'fast-check'
import * as oracle from 'simple-statistics'
import { expect, test } from 'vitest'
import { clusteredStandardError, summarizeValues } from '../../../src/domain/statistics/arm-summary.ts'

const sumsOf = (values: readonly number[]) => ({
  count: values.length,
  sum: values.reduce((sum, x) => sum + x, 0),
  sumOfSquares: values.reduce((sum, x) => sum + x * x, 0),
})

function clusterSumsOf(items: readonly (readonly number[])[]) {
  const totals = items.map((values) => sumsOf(values))
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

test('mean, standard deviation and standard error from sums agree with simple-statistics to 1e-6', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2 }), (values) => {
      const { mean, stddev, stderr } = summarizeValues(sumsOf(values))
      const expected = oracle.sampleStandardDeviation(values)
      expect(mean).toBeCloseTo(oracle.mean(values), 6)
      expect(Math.abs((stddev ?? 0) - expected)).toBeLessThan(2e-6)
      expect(Math.abs((stderr ?? 0) - expected / Math.sqrt(values.length))).toBeLessThan(2e-6)
    }),
    { seed: 4 },
  )
})

test('equal values have no spread, not the noise of rounding', () => {
  expect(summarizeValues(sumsOf(new Array(1_000).fill(0.1)))).toMatchObject({ stddev: 0, stderr: 0 })
  expect(clusteredStandardError(clusterSumsOf(new Array(1_000).fill([0.1, 0.1, 0.1])))).toBe(0)
})

test('nothing is said about spread from fewer than two values', () => {
  expect(summarizeValues(sumsOf([]))).toEqual({ mean: null, stddev: null, stderr: null })
  expect(summarizeValues(sumsOf([7]))).toEqual({ mean: 7, stddev: null, stderr: null })
  expect(clusteredStandardError(clusterSumsOf([[1, 0, 1]]))).toBeNull()
})

test('with one repetition the clustered standard error is the plain one', () => {
  const values = [0.2, 0.9, 0.4, 0.4, 1, 0]
  const plain = summarizeValues(sumsOf(values)).stderr as number
  expect(clusteredStandardError(clusterSumsOf(values.map((x) => [x])))).toBeCloseTo(plain, 12)
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
