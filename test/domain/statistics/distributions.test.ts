import * as oracle from 'simple-statistics'
import { expect, test } from 'vitest'
import { binomialCdf, signTest } from '../../../src/domain/statistics/binomial.ts'
import { normalCdf, normalQuantile, z95 } from '../../../src/domain/statistics/normal.ts'
import { regularizedBeta } from '../../../src/domain/statistics/regularized-beta.ts'
import { studentQuantile, studentTwoSided } from '../../../src/domain/statistics/student-t.ts'

/** |got / expected − 1|, so that tails are held to the same number of digits as the middle. */
function expectClose(got: number, expected: number, relative = 1e-10) {
  expect(Math.abs(got / expected - 1), `got ${got}, expected ${expected}`).toBeLessThan(relative)
}

// Expected values: scipy 1.17.1 (stats.norm, stats.t, stats.binom), which agree with 40-digit mpmath.
test.each([
  [-20, 2.7536241186061556e-89],
  [-5, 2.866515718791933e-7],
  [-1.5, 0.06680720126885807],
  [0.3, 0.6179114221889526],
  [2, 0.9772498680518208],
  [4.5, 0.9999966023268753],
])('the normal distribution below %d agrees with scipy', (z, expected) => {
  expectClose(normalCdf(z), expected)
})

test.each([
  [1e-10, -6.361340902404056],
  [0.001, -3.090232306167813],
  [0.3, -0.5244005127080409],
  [0.8, 0.8416212335729143],
  [0.975, 1.959963984540054],
])('the normal quantile of %d agrees with scipy', (p, expected) => {
  expectClose(normalQuantile(p), expected)
})

test.each([
  [2.5, 3, 0.08770664700806556],
  [12.706204736174694, 1, 0.05],
  [1e-6, 1e6, 0.9999992021156386],
  [40, 10, 2.2808577430857535e-12],
  [1.96, 1e5, 0.04999856319430168],
  [6, 99, 3.2459161123455424e-8],
])("Student's two-sided p value of t = %d with %d degrees of freedom agrees with scipy", (t, df, expected) => {
  expectClose(studentTwoSided(t, df), expected)
  expectClose(studentTwoSided(-t, df), expected)
})

test.each([
  [0.975, 1, 12.706204736174694],
  [0.975, 9, 2.262157162798205],
  [0.995, 30, 2.7499956535672254],
  [0.6, 5, 0.2671808657041451],
  [0.975, 1e6, 1.959966356814107],
  [0.0005, 4, -8.610301581379275],
])("Student's quantile of %d with %d degrees of freedom agrees with scipy", (p, df, expected) => {
  expectClose(studentQuantile(p, df), expected)
})

test.each([
  [3, 10, 0.3, 0.6496107184000002],
  [49_000, 100_000, 0.5, 1.2943580191734472e-10],
  [43, 542, 0.5, 8.284666811984998e-100],
  [0, 50, 0.02, 0.3641696800871171],
  [7, 8, 0.9, 0.5695327899999999],
])('the probability of at most %d successes in %d trials of %d agrees with scipy', (k, n, p, expected) => {
  expectClose(binomialCdf(k, n, p), expected)
})

test('the binomial and normal distributions agree with simple-statistics to 1e-6', () => {
  for (const [n, p] of [
    [12, 0.5],
    [40, 0.21],
  ] as const) {
    const probabilities = oracle.binomialDistribution(n, p) ?? []
    expect(probabilities.length).toBeGreaterThan(n * p)
    let cumulative = 0
    for (const [k, probability] of probabilities.entries()) {
      cumulative += probability
      expect(binomialCdf(k, n, p)).toBeCloseTo(cumulative, 6)
    }
  }
  for (let z = -3; z <= 3; z += 0.25) {
    expect(normalCdf(z)).toBeCloseTo((1 + oracle.errorFunction(z / Math.SQRT2)) / 2, 6)
  }
})

test('quantiles invert their distributions', () => {
  expectClose(normalQuantile(0.975), z95, 1e-14)
  for (const p of [0.001, 0.2, 0.5, 0.71, 0.9999]) {
    expectClose(normalCdf(normalQuantile(p)), p, 1e-12)
    const tail = studentTwoSided(studentQuantile(p, 7), 7) / 2
    expectClose(p < 0.5 ? tail : 1 - tail, p, 1e-12)
  }
})

test('the incomplete beta function has the right end points and symmetry', () => {
  expect(regularizedBeta(0, 2, 3)).toBe(0)
  expect(regularizedBeta(1, 2, 3)).toBe(1)
  expect(regularizedBeta(0.5, 4.5, 4.5)).toBeCloseTo(0.5, 14)
  expect(regularizedBeta(0.2, 2, 3) + regularizedBeta(0.8, 3, 2)).toBeCloseTo(1, 14)
})

test('a sign test without tosses has p = 1, and p never exceeds 1', () => {
  expect(signTest(0, 0)).toBe(1)
  expect(signTest(3, 3)).toBe(1)
  expect(signTest(5, 0)).toBeCloseTo(2 / 32, 14)
  expect(signTest(0, 5)).toBe(signTest(5, 0))
})

test('arguments outside the domain are rejected with what was expected and what was passed', () => {
  expect(() => regularizedBeta(1.5, 1, 1)).toThrow('Expected 0 <= x <= 1 and positive a and b, got x = 1.5')
  expect(() => normalQuantile(0)).toThrow('Expected a probability strictly between 0 and 1, got 0')
  expect(() => studentQuantile(1, 5)).toThrow('Expected a probability strictly between 0 and 1, got 1')
  expect(() => studentTwoSided(1, 0)).toThrow('Expected positive degrees of freedom, got 0')
  expect(() => binomialCdf(1.5, 3, 0.5)).toThrow('Expected whole k and n >= 0 and 0 <= p <= 1, got k = 1.5')
})
