import { describe, expect, test } from 'vitest'
import type { Direction } from '../../../src/domain/evaluation.ts'
import { adjustFamily } from '../../../src/domain/statistics/family.ts'
import { holm } from '../../../src/domain/statistics/holm.ts'
import { compareMoments } from '../../../src/domain/statistics/paired-comparison.ts'
import { decideVerdicts, type MetricToDecide } from '../../../src/domain/statistics/verdict.ts'
import { compareMetric, measurePairs } from '../../helpers/reference-statistics.ts'

function binary(gained: number, lost: number, n: number, direction: Direction = 'HIGHER_IS_BETTER') {
  const change = [
    ...new Array<number>(gained).fill(1),
    ...new Array<number>(lost).fill(-1),
    ...new Array<number>(n - gained - lost).fill(0),
  ]
  return compareMetric(
    change.map((d) => ({ baseline: d < 0 ? 1 : 0, candidate: d > 0 ? 1 : 0 })),
    direction,
  )
}

const numeric = (differences: number[], direction: Direction = 'HIGHER_IS_BETTER') =>
  compareMetric(
    differences.map((d) => ({ baseline: 100, candidate: 100 + d })),
    direction,
  )

const same = (count: number, baseline: number, candidate: number) =>
  Array.from({ length: count }, () => ({ baseline, candidate }))

const decideOne = (figures: MetricToDecide['figures'], margin = 0) => decideVerdicts([{ figures, margin }])[0]

describe('Holm', () => {
  test.each([
    // The example of Wikipedia's "Holm–Bonferroni method".
    [
      [0.01, 0.04, 0.03, 0.005],
      [0.03, 0.06, 0.06, 0.02],
    ],
    // R: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm").
    [
      [0.01, 0.02, 0.03, 0.04],
      [0.04, 0.06, 0.06, 0.06],
    ],
    [
      [0.9, 0.6],
      [1, 1],
    ],
    [[], []],
  ])('adjusts %j to %j', (pValues, expected) => {
    const adjusted = holm(pValues).map((p) => p.adjusted)
    expect(adjusted).toHaveLength(expected.length)
    adjusted.forEach((p, i) => {
      expect(p).toBeCloseTo(expected[i] as number, 12)
    })
  })

  test('rejects values that are not probabilities', () => {
    expect(() => holm([0.5, 1.5])).toThrow('Expected p values between 0 and 1, got 1.5')
  })
})

describe('verdicts', () => {
  test('a significant gain is IMPROVED and its mirror image REGRESSED', () => {
    expect(decideOne(binary(20, 4, 100))?.verdict).toBe('IMPROVED')
    expect(decideOne(binary(4, 20, 100))?.verdict).toBe('REGRESSED')
    expect(decideOne(binary(20, 4, 100, 'LOWER_IS_BETTER'))?.verdict).toBe('REGRESSED')
  })

  test.each([0, 1, 2, 50, 2_000])('identical runs of %d pairs never win', (n) => {
    for (const figures of [binary(0, 0, n), numeric(new Array(n).fill(0))]) {
      expect(decideOne(figures)).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: null })
    }
  })

  test('no pair that changed shows nothing by itself: it takes as many pairs as the margin needs', () => {
    // ±z²/(n + z²) is 0.05 at 73 pairs.
    expect(decideOne(binary(0, 0, 5), 0.01)).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'TOO_FEW_PAIRS' })
    expect(decideOne(binary(0, 0, 72), 0.05)).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'SPANS_ZERO' })
    expect(decideOne(binary(0, 0, 73), 0.05)?.verdict).toBe('EQUIVALENT')
    expect(decideOne(binary(0, 0, 40), 0.05)?.pairsNeeded).toBeGreaterThan(30)
    // Without bounds, those that were not seen could be anything.
    expect(decideOne(numeric(new Array(2_000).fill(0)), 0.05)?.verdict).toBe('INCONCLUSIVE')
  })

  test('of a score with bounds, unseen changes are as rare as n equal pairs allow: rule of three, exactly', () => {
    const pairs = (n: number) => Array.from({ length: n }, () => ({ baseline: 0.5, candidate: 0.5 }))
    const figures = compareMetric(pairs(100), 'HIGHER_IS_BETTER', 0, 1)
    // 0 of 100 changed: at most 3.62 % do (Clopper & Pearson; R: binom.test(0, 100)$conf.int).
    expect(figures.interval?.high).toBeCloseTo(0.036216693, 8)
    expect(decideOne(figures, 0.0363)?.verdict).toBe('EQUIVALENT')
    expect(decideOne(figures, 0.0362)?.verdict).toBe('INCONCLUSIVE')
  })

  test('NOT_WORSE needs the whole interval on the good side of the margin, EQUIVALENT also the other', () => {
    const figures = binary(30, 24, 1_000)
    const { low, high } = figures.interval ?? { low: 0, high: 0 }
    expect(decideOne(figures, -low * 1.01)?.verdict).toBe('NOT_WORSE')
    expect(decideOne(figures, -low * 0.99)?.verdict).toBe('INCONCLUSIVE')
    expect(decideOne(figures, high * 1.01)?.verdict).toBe('EQUIVALENT')
  })

  test('for a metric where lower is better the margin is on the other side', () => {
    const slower = [35, -24, 36, -25, 34, -25, 35, -23, 36, -26, 35, -25]
    // The interval is about −15 to 25.
    expect(decideOne(numeric(slower, 'LOWER_IS_BETTER'), 27)?.verdict).toBe('EQUIVALENT')
    expect(decideOne(numeric(slower, 'LOWER_IS_BETTER'), 20)?.verdict).toBe('INCONCLUSIVE')
    expect(decideOne(numeric(slower, 'HIGHER_IS_BETTER'), 20)?.verdict).toBe('NOT_WORSE')
  })

  test('a significant but tolerated loss is EQUIVALENT, and without the margin REGRESSED', () => {
    const slightlyWorse = numeric([-1, -1.2, -0.9, -1.1, -1, -0.8, -1.2, -1.05])
    expect(decideOne(slightlyWorse)?.verdict).toBe('REGRESSED')
    expect(decideOne(slightlyWorse, 5)?.verdict).toBe('EQUIVALENT')
  })

  test('a metric without a direction has no verdict, however large the difference', () => {
    expect(decideOne(numeric([5, 6, 7, 5, 6, 7, 5, 6], 'NONE'), 1)).toMatchObject({
      verdict: 'INCONCLUSIVE',
      reason: 'NO_DIRECTION',
      pairsNeeded: null,
      adjustedPValue: null,
    })
  })

  test('a significant metric may not be significant within a family', () => {
    const borderline = binary(15, 5, 100)
    expect(decideOne(borderline)?.verdict).toBe('IMPROVED')
    const family = [borderline, binary(5, 5, 100), binary(6, 5, 100)].map((figures) => ({ figures, margin: 0 }))
    const [decision] = decideVerdicts(family)
    expect(decision?.adjustedPValue).toBeCloseTo(3 * (borderline.pValue ?? 0), 12)
    expect(decision).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'OTHER_METRICS' })
  })

  test('only what can have a verdict takes part: no metric without a direction, a wish for a verdict or enough changes', () => {
    const borderline = binary(15, 5, 100)
    const others = [
      { figures: numeric([5, 6, 7, 5, 6, 7, 5, 6], 'NONE') },
      { figures: numeric([5, -6, 7, -5, 6, -7, 5, 6]), asked: false },
      { figures: binary(2, 3, 100) },
    ]
    const decisions = decideVerdicts([{ figures: borderline }, ...others].map((one) => ({ margin: 0, ...one })))
    expect(decisions.map(({ adjustedPValue }) => adjustedPValue)).toEqual([borderline.pValue, null, null, 1])
    expect(decisions.map(({ verdict }) => verdict)).toEqual(['IMPROVED', ...new Array(3).fill('INCONCLUSIVE')])
    expect(decisions[2]?.reason).toBe('NOT_ASKED')
  })

  test('what lacks values is decided by the worst of them, and says so', () => {
    const decide = (missing: number, margin = 0) => {
      const seen = measurePairs([...same(20, 0, 1), ...same(4, 1, 0), ...same(76, 1, 1)])
      const with_ = (d: 1 | -1) => ({
        ...measurePairs([
          ...same(20, 0, 1),
          ...same(4, 1, 0),
          ...same(76, 1, 1),
          ...same(missing, d < 0 ? 1 : 0, d > 0 ? 1 : 0),
        ]),
      })
      const extremes = { lowest: with_(-1), highest: with_(1) }
      const figures = compareMoments(seen, 'HIGHER_IS_BETTER', { missing, lacking: missing, extremes })
      return { ...decideVerdicts([{ figures, margin }])[0], bounds: figures.bounds }
    }
    expect(decide(2)).toMatchObject({ verdict: 'IMPROVED', bounds: { low: 14 / 102, high: 18 / 102 } })
    // 20 : 4 and 6 missing, which may all be lost: exact McNemar of 20 : 10.
    expect(decide(6)).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES', pairsNeeded: null })
    expect(decide(6).adjustedPValue).toBeCloseTo(0.098737, 6)
    expect(decide(6, 0.05)).toMatchObject({ verdict: 'NOT_WORSE' })
    const unbounded = compareMoments(measurePairs([...same(20, 0, 1), ...same(4, 1, 0)]), 'HIGHER_IS_BETTER', {
      missing: 1,
      lacking: 1,
      extremes: 'UNBOUNDED',
    })
    expect(decideOne(unbounded, 1)).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'MISSING_VALUES' })
  })

  test('a metric without pairs is not part of the family', () => {
    const figures = binary(15, 5, 100)
    const [decision, empty] = decideVerdicts([
      { figures, margin: 0 },
      { figures: binary(0, 0, 0), margin: 0 },
    ])
    expect(decision?.adjustedPValue).toBe(figures.pValue)
    expect(empty).toEqual({
      adjustedPValue: null,
      verdict: 'INCONCLUSIVE',
      reason: 'NO_PAIRS',
      pairsNeeded: null,
      pairsNeededRange: null,
      familySize: null,
      detectable: null,
    })
  })

  test.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY])('a margin of %d is rejected', (margin) => {
    expect(() => decideOne(binary(1, 0, 5), margin)).toThrow(
      `Expected a margin >= 0 in the metric's units, got ${margin}`,
    )
  })
})

describe('primary metrics', () => {
  const member = (pValue: number, rank: number | null = null, weight = 1) => ({
    pValue,
    primary: rank === null ? null : { rank, weight },
  })
  const adjusted = (members: ReturnType<typeof member>[], procedure: 'FIXED_SEQUENCE' | 'HOLM') =>
    adjustFamily(members, procedure).map((one) => one.adjusted)

  test('in a fixed sequence keep their p values until one is too large, whatever is beside them', () => {
    const descriptive = Array.from({ length: 10 }, () => member(0.5))
    expect(adjusted([member(0.04, 0), member(0.03, 1), ...descriptive], 'FIXED_SEQUENCE').slice(0, 2)).toEqual([
      0.04, 0.04,
    ])
    expect(adjusted([member(0.06, 0), member(0.001, 1)], 'FIXED_SEQUENCE')).toEqual([0.06, 0.06])
    // Two candidates share each step.
    expect(adjusted([member(0.02, 0), member(0.03, 0), member(0.01, 1)], 'FIXED_SEQUENCE')).toEqual([0.04, 0.04, 0.04])
  })

  test('by weighted Holm share the error by their weights', () => {
    // Benjamini & Hochberg (1997): p/w = 0.01/2, 0.04/1, in this order; (w1 + w2) p1/w1, then p2.
    expect(adjusted([member(0.01, 0, 2), member(0.04, 1, 1)], 'HOLM')).toEqual([0.015, 0.04])
    expect(adjusted([member(0.01, 0), member(0.04, 1), member(0.03, 2), member(0.005, 3)], 'HOLM')).toEqual(
      holm([0.01, 0.04, 0.03, 0.005]).map((one) => one.adjusted),
    )
  })

  test('are told apart by the number of tests that share the 5 %', () => {
    const figures = binary(15, 5, 100)
    const primary = { rank: 0, weight: 1 }
    const one = { figures, margin: 0 }
    const sizes = (metrics: MetricToDecide[]) => decideVerdicts(metrics).map(({ familySize }) => familySize)
    expect(sizes([one, one, { ...one, asked: false }])).toEqual([2, 2, null])
    expect(sizes([{ ...one, primary }, one, one, one])).toEqual([1, 3, 3, 3])
  })

  test('leave the others a family of their own', () => {
    expect(adjusted([member(0.9, 0), member(0.02), member(0.03)], 'FIXED_SEQUENCE')).toEqual([0.9, 0.04, 0.04])
  })
})

describe('the detectable effect', () => {
  test('is what a t test of these pairs shows with 80 % probability', () => {
    const figures = numeric([1, -1, 1.5, -1.5, 0.5, -0.5, 2, -2, 0.2, -0.1])
    const { detectable, reason } = decideOne(figures) ?? {}
    expect(reason).toBe('SPANS_ZERO')
    // R: (qt(.975, 9) + qt(.8, 9)) * sd(d) / sqrt(10)
    const standardError = (figures.differenceStddev ?? 0) / Math.sqrt(10)
    expect(detectable).toBeCloseTo((2.262157163 + 0.8834038597) * standardError, 8)
  })

  test('of pairs that do not change is the share that would have shown six of them, and none below six pairs', () => {
    // R: uniroot(function(p) pbinom(5, 100, p, lower = FALSE) - .8, c(0, 1), tol = 1e-12)$root
    expect(decideOne(binary(0, 0, 100))?.detectable).toBeCloseTo(0.0783, 3)
    expect(decideOne(binary(1, 0, 5))).toMatchObject({ detectable: null, reason: 'TOO_FEW_PAIRS' })
  })
})

describe('pairs needed', () => {
  test('are not estimated for a metric that only waits for one before it', () => {
    const [first, second] = decideVerdicts([
      { figures: binary(12, 8, 100), margin: 0, primary: { rank: 0, weight: 1 } },
      { figures: binary(20, 4, 100), margin: 0, primary: { rank: 1, weight: 1 } },
    ])
    expect(first).toMatchObject({ reason: 'SPANS_ZERO', pairsNeeded: expect.any(Number) })
    expect(second).toMatchObject({ reason: 'OTHER_METRICS', pairsNeeded: null })
  })

  test('Guenther 1981: a difference of half a standard deviation takes 34 pairs for 80 % power', () => {
    // ((1.96 + 0.8416) / 0.5)² + 1.96² / 2 = 33.3; tables of the paired t test give 34.
    const unit = Math.sqrt(9 / 10)
    const differences = Array.from({ length: 10 }, (_, i) => 0.5 + (i % 2 === 0 ? unit : -unit))
    const figures = numeric(differences)
    expect(figures.differenceStddev).toBeCloseTo(1, 10)
    expect(decideOne(figures)).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: 34 - 10 })
  })

  test('may be as few, and as many, as the ends of the 80 % interval say', () => {
    const unit = Math.sqrt(49 / 50)
    const around = (delta: number) =>
      numeric(Array.from({ length: 50 }, (_, i) => delta + (i % 2 === 0 ? unit : -unit)))
    // ((1.96 + 0.8416) / e)² + 1.96² / 2 − 50 with e = 0.25, and 0.25 ± 1.2816 / √50.
    expect(decideOne(around(0.25))).toMatchObject({ pairsNeeded: 78, pairsNeededRange: { low: 1, high: 1_612 } })
    expect(decideOne(around(0.1))?.pairsNeededRange).toMatchObject({ high: null })
  })

  test('a larger family needs more', () => {
    const figures = binary(8, 4, 100)
    const alone = decideOne(figures)?.pairsNeeded ?? 0
    const [inFamily] = decideVerdicts([
      { figures, margin: 0 },
      { figures: binary(5, 5, 100), margin: 0 },
    ])
    expect(alone).toBeGreaterThan(100)
    expect(inFamily?.pairsNeeded).toBeGreaterThan(alone)
  })

  test('with a margin, showing "not worse" may take fewer than showing a difference', () => {
    const figures = binary(11, 10, 100)
    expect(decideOne(figures, 0.05)?.pairsNeeded).toBeLessThan(decideOne(figures)?.pairsNeeded ?? 0)
  })

  test('equal differences need enough signs', () => {
    expect(decideOne(numeric([2, 2, 2]))).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: 3 })
  })

  test.each([
    ['no effect was seen', binary(5, 5, 100)],
    ['there is a single pair', numeric([3])],
    ['the number would not fit', numeric([1e-3, ...new Array(40).fill(100), ...new Array(40).fill(-100)])],
  ])('it is null when %s', (_, figures) => {
    expect(decideOne(figures)).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: null })
  })
})
