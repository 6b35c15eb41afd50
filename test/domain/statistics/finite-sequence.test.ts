import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CoinTest } from '../../../src/domain/statistics/coin-test.ts'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../../src/domain/statistics/finite-sequence.ts'

/** Differences in a shuffled order that is the same every time. */
function mixed(n: number, gained: number, lost: number): number[] {
  const all = Array.from({ length: n }, (_, i) => (i < gained ? 1 : i < gained + lost ? -1 : 0))
  return all
    .map((d, i) => ({ d, at: (i * 7919 + 13) % 10_007 }))
    .sort((a, b) => a.at - b.at)
    .map(({ d }) => d)
}

function drawn(differences: readonly (number | null)[], items: number, margin = 0) {
  const sequence = new FiniteSequence(1, items, margin)
  for (const d of differences) sequence.push(d)
  return sequence
}

describe('on exactly these items', () => {
  test('the mean is known when all are done, and before that the interval contains it', () => {
    const differences = mixed(300, 40, 20)
    const sequence = new FiniteSequence(1, 300)
    for (const [index, d] of differences.entries()) {
      sequence.push(d)
      if (index % 20 !== 0) continue
      const interval = sequence.interval()()
      expect(interval?.low).toBeLessThanOrEqual(20 / 300)
      expect(interval?.high).toBeGreaterThanOrEqual(20 / 300)
    }
    const { low, high } = sequence.interval()() ?? {}
    expect(low).toBeCloseTo(20 / 300, 12)
    expect(high).toBe(low)
    expect(sequence.side(0)).toBe('ABOVE')
  })

  test('a real difference is decided before the end, earlier than on items like these', () => {
    const differences = mixed(500, 40, 12)
    const like = new DifferenceSequence(1, { binary: true })
    const these = new FiniteSequence(1, 500)
    const decided = (side: () => unknown, push: (d: number) => void) =>
      differences.findIndex((d) => {
        push(d)
        return side() !== null
      })
    const first = decided(
      () => these.side(0),
      (d) => these.push(d),
    )
    const later = decided(
      () => like.side(0),
      (d) => like.push(d),
    )
    expect(these.side(0)).toBe('ABOVE')
    expect(first).toBeLessThan(later === -1 ? 500 : later)
    expect(first).toBeLessThan(490)
  })

  test('what is certain is decided: the rest could not turn it', () => {
    const sequence = drawn([1, 1, 1], 5)
    expect(sequence.interval()()).toMatchObject({ low: 0.2 })
    expect(sequence.side(0)).toBe('ABOVE')
    expect(drawn([1, 1, 1], 6).side(0)).toBeNull()
  })

  test('items without a difference are drawn too, and lacking values count for neither', () => {
    const complete = drawn([...mixed(100, 20, 0), ...new Array(50).fill(null)], 150)
    expect(complete.pairs).toBe(100)
    expect(complete.interval()()?.low).toBeCloseTo(0.2, 12)
    const sequence = new FiniteSequence(1, 100)
    for (const d of mixed(100, 10, 10)) sequence.push(d, Math.abs(d))
    expect(sequence.side(0)).toBeNull()
    const { low, high } = sequence.interval()() ?? {}
    expect([low, high]).toEqual([0, 0.2])
    expect(() => sequence.push(0)).toThrow('Expected at most 100 items, got another one.')
  })

  test('the margin is tested too', () => {
    const sequence = drawn(mixed(200, 10, 10), 200, 0.1)
    expect([sequence.side(-0.1), sequence.side(0.1), sequence.side(0)]).toEqual(['ABOVE', 'BELOW', null])
  })

  test('the same draws give the same interval, and swapping the arms mirrors it exactly', () => {
    const value = fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -1, max: 1, noNaN: true }))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(30), (differences, left) => {
        const there = drawn(differences, differences.length + left, 0.1)
        const back = drawn(
          differences.map((d) => 0 - d),
          differences.length + left,
          0.1,
        )
        const interval = there.interval()()
        expect(back.interval()()).toEqual(interval && { low: 0 - interval.high, high: 0 - interval.low })
        const opposite = { ABOVE: 'BELOW', BELOW: 'ABOVE' } as const
        for (const mean of [0, 0.1, -0.1]) {
          const side = there.side(mean)
          expect(back.side(0 - mean)).toBe(side && opposite[side])
        }
      }),
      { seed: 4, numRuns: 200 },
    )
  })
})

describe('the coin', () => {
  test('follows the formula: the money is the mean of 2^n B(a + g, a + l) / B(a, a) over a = 1, 5, 25', () => {
    const lnGamma = (n: number) => Array.from({ length: n - 1 }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0)
    const lnBeta = (a: number, b: number) => lnGamma(a) + lnGamma(b) - lnGamma(a + b)
    const money = (g: number, l: number) =>
      [1, 5, 25].reduce((sum, a) => sum + Math.exp((g + l) * Math.LN2 + lnBeta(a + g, a + l) - lnBeta(a, a)), 0) / 3
    for (const losses of [0, 3, 8, 15]) {
      const coin = new CoinTest()
      for (let i = 0; i < losses; i++) coin.push(-1, -1)
      if (coin.side) continue
      let gains = 0
      while (coin.side === null) {
        coin.push(1, 1)
        gains += 1
      }
      expect(money(gains, losses)).toBeGreaterThanOrEqual(20)
      expect(money(gains - 1, losses)).toBeLessThan(20)
    }
  })
})
