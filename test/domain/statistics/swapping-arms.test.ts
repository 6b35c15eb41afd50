import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bcaInterval } from '../../../src/domain/statistics/bca-bootstrap.ts'
import type { Interval } from '../../../src/domain/statistics/interval.ts'
import type { MetricFigures } from '../../../src/domain/statistics/paired-comparison.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'

describe('swapping the arms', () => {
  const negated = (x: number | null) => (x === null ? null : 0 - x)

  const flipped = (interval: Interval | null) => interval && { low: 0 - interval.high, high: 0 - interval.low }

  function mirrored(figures: MetricFigures): MetricFigures {
    return {
      ...figures,
      baselineMean: figures.candidateMean,
      candidateMean: figures.baselineMean,
      delta: negated(figures.delta),
      interval: flipped(figures.interval),
      bounds: flipped(figures.bounds),
      robust: { ...figures.robust, interval: flipped(figures.robust.interval) },
      improved: figures.regressed,
      regressed: figures.improved,
    }
  }

  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  const pairsOf = (arm: fc.Arbitrary<number>, maxLength: number) =>
    fc.array(fc.record({ baseline: arm, candidate: arm }), { maxLength })
  const skewed = fc
    .array(
      fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x ** 4),
      ),
      {
        minLength: 20,
        maxLength: 60,
      },
    )
    .map((differences) => differences.map((d) => ({ baseline: 0.5, candidate: 0.5 + d })))

  test.each([
    ['binary', pairsOf(fc.constantFrom(0, 1), 60), 300],
    ['numeric', pairsOf(value, 40), 300],
    ['repetition averages', pairsOf(fc.constantFrom(0, 1 / 3, 2 / 3, 1), 60), 300],
    ['skewed one-sided', skewed, 8],
  ])('mirrors every figure exactly on %s data', (_, pairs, numRuns) => {
    fc.assert(
      fc.property(pairs, fc.constantFrom('HIGHER_IS_BETTER', 'LOWER_IS_BETTER', 'NONE'), (given, direction) => {
        const swapped = given.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline }))
        expect(compareMetric(swapped, direction, 2)).toEqual(mirrored(compareMetric(given, direction, 2)))
      }),
      { seed: 4, numRuns },
    )
  })

  test('the skewed data above use the bootstrap', () => {
    const methods = fc.sample(skewed, { seed: 4, numRuns: 8 }).map((pairs) => compareMetric(pairs, 'NONE').method)
    expect(methods.filter((method) => method === 'BCA_BOOTSTRAP').length).toBeGreaterThan(1)
  })

  test('mirrors the bootstrap exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 2, maxLength: 25 }), (values) => {
        fc.pre(Math.max(...values) - Math.min(...values) > 1e-6)
        const { low, high } = bcaInterval(values)
        expect(bcaInterval(values.map((x) => 0 - x))).toEqual({ low: 0 - high, high: 0 - low })
      }),
      { seed: 4, numRuns: 6 },
    )
  })
})
