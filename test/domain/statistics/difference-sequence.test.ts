import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import type { Interval } from '../../../src/domain/statistics/interval.ts'
import { threadClock } from '../../helpers/heavy-work.ts'

/** Of pairs that do not contradict each other. */
function shown(sequence: DifferenceSequence): Interval {
  const interval = sequence.interval()
  if (!interval) throw new Error('expected an interval, but the pairs contradict each other')
  return interval
}

function intervalAfter(differences: Iterable<number>, range = 1) {
  const sequence = new DifferenceSequence(range)
  for (const d of differences) sequence.push(d)
  return shown(sequence)
}

describe('the anytime-valid interval', () => {
  test('knows only the bounds before the first pair', () => {
    expect(new DifferenceSequence(5).interval()).toEqual({ low: -5, high: 5 })
  })

  test('excludes zero when a candidate keeps winning, and includes it when wins and losses balance', () => {
    expect(intervalAfter(new Array(12).fill(1)).low).toBeGreaterThan(0)
    const { low, high } = intervalAfter(Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : i % 4 === 2 ? -1 : 0)))
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0)
  })

  test('follows the formula: all of K(δ) < 40 on a fine grid', () => {
    const differences = [1, 0, 0, 1, -1, 1, 0.5, 1, 1, 0, 1, 1]
    const wealth = (delta: number) => {
      let sum = 0
      for (let i = 0; i < 10; i++) {
        const f = 0.95 * 2 ** (-i / 2)
        sum += differences.reduce((money, d) => money * (1 - f + (f * (d + 1)) / (delta + 1)), 1)
      }
      return sum / 10
    }
    // The last difference raised the money, so the running intersection is the last interval.
    const { low } = intervalAfter(differences)
    expect(wealth(low)).toBeGreaterThanOrEqual(40)
    expect(wealth(low + 0.001)).toBeLessThan(40)
  })

  test('only ever tightens, gives the same result for the same pairs and mirrors exactly', () => {
    const difference = fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -1, max: 1, noNaN: true }))
    fc.assert(
      fc.property(fc.array(difference, { maxLength: 120 }), (differences) => {
        const sequence = new DifferenceSequence(1)
        const mirrored = new DifferenceSequence(1)
        let before: Interval | null = sequence.interval()
        for (const d of differences) {
          sequence.push(d)
          mirrored.push(0 - d)
          const now = sequence.interval()
          expect(mirrored.interval()).toEqual(now && { low: -now.high, high: -now.low })
          if (now) {
            expect(before).not.toBeNull()
            expect(now.low).toBeGreaterThanOrEqual(before?.low ?? 1)
            expect(now.high).toBeLessThanOrEqual(before?.high ?? -1)
            expect(now.low).toBeLessThanOrEqual(now.high)
          }
          before = now
        }
      }),
      { seed: 4, numRuns: 60 },
    )
  })

  test('scales with the range of the score', () => {
    const unit = intervalAfter([1, 0, 0.5, 1, 1, -0.5, 1, 1])
    const { low, high } = intervalAfter([10, 0, 5, 10, 10, -5, 10, 10], 10)
    expect(low).toBeCloseTo(10 * unit.low, 10)
    expect(high).toBeCloseTo(10 * unit.high, 10)
  })

  test('is null when later pairs contradict the earlier ones', () => {
    const sequence = new DifferenceSequence(1)
    for (let i = 0; i < 400; i++) sequence.push(1)
    expect(sequence.interval()?.low).toBeGreaterThan(0.9)
    for (let i = 0; i < 4_000; i++) sequence.push(-1)
    expect(sequence.interval()).toBeNull()
    expect(sequence.count).toBe(4_400)
  })

  test('rejects values outside the bounds and ignores them', () => {
    const sequence = new DifferenceSequence(1)
    for (const bad of [1.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => sequence.push(bad)).toThrow(`Expected a difference within ±1, got ${bad}`)
    }
    expect(sequence.count).toBe(0)
    sequence.push(1 + 1e-12)
    expect(sequence.count).toBe(1)
    expect(() => new DifferenceSequence(0)).toThrow(
      "Expected the width of the score's bounds to be a positive finite number",
    )
  })

  test('takes 100,000 pairs in linear time', () => {
    const worked = threadClock()
    intervalAfter(Array.from({ length: 100_000 }, (_, i) => Math.sin(i * i) / 2))
    expect(worked()).toBeLessThan(100)
  })
})
