import fc from 'fast-check'
import * as oracle from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import { bcaInterval } from '../../../src/domain/statistics/bca-bootstrap.ts'
import { signTest } from '../../../src/domain/statistics/binomial.ts'
import { exactMcNemar, tangoInterval } from '../../../src/domain/statistics/mcnemar.ts'
import { z95 } from '../../../src/domain/statistics/normal.ts'
import { compareMoments, needsDifferences } from '../../../src/domain/statistics/paired-comparison.ts'
import { change, type Pair } from '../../../src/domain/statistics/paired-moments.ts'
import { compareMetric, measurePairs } from '../../helpers/reference-statistics.ts'

function binaryPairs(bothRight: number, gained: number, lost: number, bothWrong: number): Pair[] {
  return [
    ...Array.from({ length: bothRight }, () => ({ baseline: 1, candidate: 1 })),
    ...Array.from({ length: gained }, () => ({ baseline: 0, candidate: 1 })),
    ...Array.from({ length: lost }, () => ({ baseline: 1, candidate: 0 })),
    ...Array.from({ length: bothWrong }, () => ({ baseline: 0, candidate: 0 })),
  ]
}

const fromDifferences = (differences: readonly number[], baseline = 10): Pair[] =>
  differences.map((d) => ({ baseline, candidate: baseline + d }))

describe('published examples', () => {
  test("Student's sleep data (1908; R's t.test(paired = TRUE)): t = 4.0621, p = 0.002833, interval 0.70 to 2.46", () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    const figures = compareMetric(
      first.map((baseline, i) => ({ baseline, candidate: second[i] as number })),
      'HIGHER_IS_BETTER',
    )
    expect(figures.method).toBe('STUDENT_T')
    expect(figures.delta).toBeCloseTo(1.58, 12)
    expect(figures.pValue).toBeCloseTo(0.002832890197384273, 10)
    expect(figures.interval?.low).toBeCloseTo(0.7001142367230174, 10)
    expect(figures.interval?.high).toBeCloseTo(2.4598857632769824, 10)
  })

  test('airway reactivity (Bentur 2009; Fagerland, Lydersen & Laake 2014): exact McNemar 0.070, Tango -0.517 to -0.026', () => {
    const figures = compareMetric(binaryPairs(1, 1, 7, 12), 'HIGHER_IS_BETTER')
    expect(figures.method).toBe('EXACT_MCNEMAR')
    expect(figures.pValue).toBeCloseTo(0.0703125, 12)
    expect(figures.interval?.low).toBeCloseTo(-0.517, 3)
    expect(figures.interval?.high).toBeCloseTo(-0.026, 3)
  })

  test("approval ratings (Agresti 1990; R's mcnemar.test): the exact p value is scipy's binomtest", () => {
    expect(exactMcNemar(86, 150)).toBeCloseTo(3.7159361395713866e-5, 15)
  })

  test('treated mice (Efron & Tibshirani 1993, table 2.1): the BCa interval of the mean agrees with scipy', () => {
    const { low, high } = bcaInterval([94, 197, 16, 38, 99, 141, 23])
    // scipy.stats.bootstrap, 400,000 resamples: 46.29 to 138.29. Ours has 4,000, so agrees up to resampling noise.
    expect(Math.abs(low - 46.29)).toBeLessThan(2.5)
    expect(Math.abs(high - 138.29)).toBeLessThan(2.5)
  })
})

describe('oracles', () => {
  test('the BCa interval of a strongly skewed sample agrees with scipy, and another seed moves an end by less than 1 % of the width', () => {
    const values = [0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2.5, 5, 9]
    const intervals = Array.from({ length: 6 }, (_, seed) => bcaInterval(values, seed))
    // scipy.stats.bootstrap, 1,000,000 resamples: 0.405 to 2.6425 (two seeds: 2.645 and 2.640).
    expect(Math.abs(oracle.mean(intervals.map(({ low }) => low)) - 0.405)).toBeLessThan(0.006)
    expect(Math.abs(oracle.mean(intervals.map(({ high }) => high)) - 2.6425)).toBeLessThan(0.03)
    const width = 2.6425 - 0.405
    for (const end of ['low', 'high'] as const) {
      const mean = oracle.mean(intervals.map((interval) => interval[end]))
      for (const interval of intervals) expect(Math.abs(interval[end] - mean)).toBeLessThan(0.01 * width)
    }
  })

  // The likelihood restricted to each Δ was maximised numerically (scipy.optimize), without Tango's closed form.
  test.each([
    [1, 7, 21, -0.5172322772712007, -0.026003032500718577],
    [86, 150, 1600, -0.058998033334333747, -0.021361564744694164],
    [209, 152, 1319, 0.015051738951189856, 0.07145819315636863],
    [1, 0, 44, -0.059393231087577436, 0.11807710137244137],
    [9, 3, 50, -0.01779841635444327, 0.26272550284251317],
  ])("Tango's interval for %d gained and %d lost of %d is the score interval", (gained, lost, n, low, high) => {
    const interval = tangoInterval(gained, lost, n)
    expect(Math.abs(interval.low - low)).toBeLessThan(1e-6)
    expect(Math.abs(interval.high - high)).toBeLessThan(1e-6)
  })

  test("Tango's interval excludes 0 whenever the exact test is significant, so figures never contradict a verdict", () => {
    for (let discordant = 1; discordant <= 120; discordant++) {
      for (let gained = 0; gained <= discordant; gained++) {
        if (exactMcNemar(gained, discordant - gained) > 0.05) continue
        const { low, high } = tangoInterval(gained, discordant - gained, 200)
        expect(low > 0 || high < 0, `${gained} of ${discordant}`).toBe(true)
      }
    }
  })

  test('means, spread, skewness and t agree with simple-statistics to 1e-6', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 4, maxLength: 40 }),
        (values) => {
          const pairs = values.map((x, i) => ({ baseline: 3 * i, candidate: 3 * i + Math.round(x * 1e3) / 1e3 }))
          const differences = pairs.map(({ baseline, candidate }) => candidate - baseline)
          const moments = measurePairs(pairs)
          const n = pairs.length
          expect(moments.delta).toBeCloseTo(oracle.mean(differences), 6)
          expect(moments.stddev).toBeCloseTo(oracle.sampleStandardDeviation(differences), 6)
          if (moments.stddev < 1e-3) return
          const adjusted = (Math.sqrt(n * (n - 1)) / (n - 2)) * moments.skewness
          expect(adjusted).toBeCloseTo(oracle.sampleSkewness(differences), 6)
          // simple-statistics' t uses the population's standard deviation, so it is √(n/(n − 1)) of ours.
          const t = moments.delta / (moments.stddev / Math.sqrt(n))
          expect(t * Math.sqrt(n / (n - 1))).toBeCloseTo(oracle.tTest(differences, 0) as number, 5)
        },
      ),
      { seed: 4 },
    )
  })
})

describe('counts', () => {
  const pairs = [...fromDifferences([2, 1, -1, 0, 0, 0])]

  test.each([
    ['HIGHER_IS_BETTER', 2, 1],
    ['LOWER_IS_BETTER', 1, 2],
    ['NONE', 0, 0],
  ] as const)('with direction %s, %d improved and %d regressed', (direction, improved, regressed) => {
    const figures = compareMetric(pairs, direction, 4)
    expect(figures).toMatchObject({ pairs: 6, improved, regressed, unchanged: 3, missing: 4 })
  })

  test('rounding noise of averaged repetitions is not a change, however small the metric', () => {
    const figures = compareMetric(
      [
        { baseline: (0.1 + 0.2) / 3, candidate: 0.3 / 3 },
        { baseline: 1e-7, candidate: 1.1e-7 },
      ],
      'LOWER_IS_BETTER',
    )
    expect(figures).toMatchObject({ unchanged: 1, regressed: 1 })
  })

  test('a second is a change of a time in milliseconds since 1970', () => {
    const seconds = [1_000, 2_000, 1_000, 2_000].map((by) => ({ baseline: 1.7e12, candidate: 1.7e12 - by }))
    const { improved, interval } = compareMetric(seconds, 'LOWER_IS_BETTER')
    expect(improved).toBe(4)
    expect(interval?.high).toBeLessThan(-500)
  })
})

describe('degenerate data', () => {
  test('without pairs every figure is null and missing items are still counted', () => {
    expect(compareMetric([], 'HIGHER_IS_BETTER', 3)).toEqual({
      direction: 'HIGHER_IS_BETTER',
      baselineMean: null,
      candidateMean: null,
      delta: null,
      interval: null,
      pValue: null,
      method: null,
      pairs: 0,
      improved: 0,
      regressed: 0,
      unchanged: 0,
      missing: 3,
      lacking: 0,
      bounds: null,
      clusters: null,
      robust: { interval: null, pValue: null },
      differenceStddev: null,
    })
  })

  test('one pair has a delta but no evidence', () => {
    const figures = compareMetric([{ baseline: 2, candidate: 5 }], 'HIGHER_IS_BETTER')
    expect(figures).toMatchObject({ delta: 3, interval: null, pValue: 1, method: 'EXACT_SIGN', differenceStddev: null })
  })

  test('identical numeric runs have delta 0, p = 1 and no interval, because there is no spread', () => {
    const figures = compareMetric(fromDifferences([0, 0, 0, 0]), 'HIGHER_IS_BETTER')
    expect(figures).toMatchObject({ delta: 0, interval: null, pValue: 1, method: 'EXACT_SIGN', unchanged: 4 })
  })

  test('identical binary runs have delta 0, p = 1 and an interval for the undetected difference', () => {
    const { delta, interval, pValue, unchanged } = compareMetric(binaryPairs(60, 0, 0, 40), 'HIGHER_IS_BETTER')
    expect({ delta, pValue, unchanged }).toEqual({ delta: 0, pValue: 1, unchanged: 100 })
    // No discordant pair: ±z²/(n + z²).
    expect(interval?.high).toBeCloseTo(z95 ** 2 / (100 + z95 ** 2), 12)
    expect(interval?.low).toBe(-(interval?.high ?? 0))
  })

  test('a constant difference is tested by its signs: 5 equal pairs are not enough, 6 are', () => {
    expect(compareMetric(fromDifferences([0.1, 0.1, 0.1, 0.1, 0.1], 0.2), 'NONE').pValue).toBeCloseTo(2 / 32, 12)
    expect(compareMetric(fromDifferences(new Array(6).fill(0.1), 0.2), 'NONE')).toMatchObject({
      method: 'EXACT_SIGN',
      interval: null,
      pValue: 2 / 64,
    })
  })

  test('numbers beyond 1e100, from before they were refused, have finite figures', () => {
    expect(change(-1.7e308, 1.7e308)).toBe(Number.MAX_VALUE)
    expect(change(1.7e308, -1.7e308)).toBe(-Number.MAX_VALUE)
    expect(change(1e200, 1e200 * (1 + 1e-13))).toBe(0)
  })

  test.each([-1, 0.5])('a missing count of %d is rejected', (missing) => {
    expect(() => compareMetric([], 'NONE', missing)).toThrow('Expected the number of missing pairs')
  })
})

describe('choice of the method', () => {
  const oneSided = fromDifferences([...new Array(40).fill(0), 0.2, 0.5, 0.1, 0.9, 1, 0.4, 0.3, 0.7, 0.6, 0.8])

  test('pairs that changed in one direction only, too skewed for t, get the BCa bootstrap and the sign test', () => {
    const figures = compareMetric(oneSided, 'HIGHER_IS_BETTER')
    expect(figures.method).toBe('BCA_BOOTSTRAP')
    expect(figures.pValue).toBe(signTest(10, 0))
    // scipy.stats.bootstrap, 400,000 resamples: 0.052 to 0.198.
    expect(Math.abs((figures.interval?.low ?? 0) - 0.052)).toBeLessThan(0.006)
    expect(Math.abs((figures.interval?.high ?? 0) - 0.198)).toBeLessThan(0.006)
  })

  test.each([
    ['a pair moved against them', [...oneSided, ...fromDifferences([-0.1])]],
    ['there are fewer than 20 pairs', oneSided.slice(35)],
    ['there are more than 2,000 pairs', Array.from({ length: 50 }, () => oneSided).flat()],
    ['they are not skewed', fromDifferences(Array.from({ length: 40 }, (_, i) => 1 + i / 40))],
  ])('Student t is used when %s', (_, pairs) => {
    expect(compareMetric(pairs, 'HIGHER_IS_BETTER').method).toBe('STUDENT_T')
  })

  test('moments alone are enough unless the method needs the differences, which is known beforehand', () => {
    const moments = measurePairs(oneSided)
    expect(needsDifferences(moments)).toBe(true)
    expect(() => compareMoments(moments, 'NONE')).toThrow('Expected the 50 differences of a one-sided metric, got none')
    const numeric = fromDifferences([1, -2, 4, 0.5, -1])
    expect(needsDifferences(measurePairs(numeric))).toBe(false)
    expect(compareMoments(measurePairs(numeric), 'NONE')).toEqual(compareMetric(numeric, 'NONE'))
  })

  test('the bootstrap does not depend on the order of the pairs', () => {
    const forwards = bcaInterval([0, 0, 0.5, 1, 7, 2, 2])
    expect(bcaInterval([2, 7, 0, 1, 0.5, 0, 2])).toEqual(forwards)
  })
})
