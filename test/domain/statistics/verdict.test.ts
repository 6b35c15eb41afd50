import { describe, expect, test } from 'vitest'
import type { Direction } from '../../../src/domain/evaluation.ts'
import { holm } from '../../../src/domain/statistics/holm.ts'
import { decideVerdicts, type MetricToDecide } from '../../../src/domain/statistics/verdict.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'

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

  test.each([0, 1, 2, 50, 2_000])(
    'identical runs of %d pairs never win: INCONCLUSIVE, or NOT_WORSE with a margin',
    (n) => {
      for (const figures of [binary(0, 0, n), numeric(new Array(n).fill(0))]) {
        expect(decideOne(figures)).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: null })
        expect(decideOne(figures, 0.05)?.verdict).toBe(n === 0 ? 'INCONCLUSIVE' : 'NOT_WORSE')
      }
    },
  )

  test('NOT_WORSE needs the whole interval on the good side of the margin', () => {
    const figures = binary(30, 30, 1_000)
    const edge = -(figures.interval?.low ?? 0)
    expect(decideOne(figures, edge * 1.01)?.verdict).toBe('NOT_WORSE')
    expect(decideOne(figures, edge * 0.99)?.verdict).toBe('INCONCLUSIVE')
  })

  test('for a metric where lower is better the margin is on the other side', () => {
    const slower = [35, -24, 36, -25, 34, -25, 35, -23, 36, -26, 35, -25]
    // The interval is about −15 to 25.
    expect(decideOne(numeric(slower, 'LOWER_IS_BETTER'), 27)?.verdict).toBe('NOT_WORSE')
    expect(decideOne(numeric(slower, 'LOWER_IS_BETTER'), 20)?.verdict).toBe('INCONCLUSIVE')
  })

  test('a significant but tolerated loss is NOT_WORSE, and without the margin REGRESSED', () => {
    const slightlyWorse = numeric([-1, -1.2, -0.9, -1.1, -1, -0.8, -1.2, -1.05])
    expect(decideOne(slightlyWorse)?.verdict).toBe('REGRESSED')
    expect(decideOne(slightlyWorse, 5)?.verdict).toBe('NOT_WORSE')
  })

  test('a metric without a direction has no verdict, however large the difference', () => {
    expect(decideOne(numeric([5, 6, 7, 5, 6, 7, 5, 6], 'NONE'), 1)).toMatchObject({
      verdict: 'INCONCLUSIVE',
      pairsNeeded: null,
    })
  })

  test('a significant metric may not be significant within a family', () => {
    const borderline = binary(15, 5, 100)
    expect(decideOne(borderline)?.verdict).toBe('IMPROVED')
    const family = [borderline, binary(5, 5, 100), binary(6, 5, 100)].map((figures) => ({ figures, margin: 0 }))
    const [decision] = decideVerdicts(family)
    expect(decision?.adjustedPValue).toBeCloseTo(3 * (borderline.pValue ?? 0), 12)
    expect(decision?.verdict).toBe('INCONCLUSIVE')
  })

  test('a metric without pairs is not part of the family', () => {
    const figures = binary(15, 5, 100)
    const [decision, empty] = decideVerdicts([
      { figures, margin: 0 },
      { figures: binary(0, 0, 0), margin: 0 },
    ])
    expect(decision?.adjustedPValue).toBe(figures.pValue)
    expect(empty).toEqual({ adjustedPValue: null, verdict: 'INCONCLUSIVE', pairsNeeded: null })
  })

  test.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY])('a margin of %d is rejected', (margin) => {
    expect(() => decideOne(binary(1, 0, 5), margin)).toThrow(
      `Expected a margin >= 0 in the metric's units, got ${margin}`,
    )
  })
})

describe('pairs needed', () => {
  test('Guenther 1981: a difference of half a standard deviation takes 34 pairs for 80 % power', () => {
    // ((1.96 + 0.8416) / 0.5)² + 1.96² / 2 = 33.3; tables of the paired t test give 34.
    const unit = Math.sqrt(9 / 10)
    const differences = Array.from({ length: 10 }, (_, i) => 0.5 + (i % 2 === 0 ? unit : -unit))
    const figures = numeric(differences)
    expect(figures.differenceStddev).toBeCloseTo(1, 10)
    expect(decideOne(figures)).toMatchObject({ verdict: 'INCONCLUSIVE', pairsNeeded: 34 - 10 })
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
