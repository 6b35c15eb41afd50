import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fractions } from '../../../src/domain/statistics/betting.ts'
import { bisect } from '../../../src/domain/statistics/bisect.ts'
import { CoinTest } from '../../../src/domain/statistics/coin-test.ts'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../../src/domain/statistics/finite-sequence.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'
import { changes, randomFrom } from '../../simulations/data.ts'

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
      const interval = sequence.interval()
      expect(interval?.low).toBeLessThanOrEqual(20 / 300)
      expect(interval?.high).toBeGreaterThanOrEqual(20 / 300)
    }
    const { low, high } = sequence.interval() ?? {}
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
    expect(sequence.interval()).toMatchObject({ low: 0.2 })
    expect(sequence.side(0)).toBe('ABOVE')
    expect(drawn([1, 1, 1], 6).side(0)).toBeNull()
  })

  test('items without a difference are drawn too, and lacking values count for neither', () => {
    const complete = drawn([...mixed(100, 20, 0), ...new Array(50).fill(null)], 150)
    expect(complete.pairs).toBe(100)
    expect(complete.interval()?.low).toBeCloseTo(0.2, 12)
    const sequence = new FiniteSequence(1, 100)
    for (const d of mixed(100, 10, 10)) sequence.push(d, Math.abs(d))
    expect(sequence.side(0)).toBeNull()
    const { low, high } = sequence.interval() ?? {}
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
        const interval = there.interval()
        expect(back.interval()).toEqual(interval && { low: 0 - interval.high, high: 0 - interval.low })
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

describe('the gamblers around the bound', () => {
  /** What the gambler for "greater" made on a mean by the formula, from every draw. */
  function made(draws: readonly number[], items: number, mean: number): number {
    const money = [...fractions].map(() => 1)
    let sum = 0
    for (const [t, d] of draws.entries()) {
      const room = (t * mean - sum) / (items - t) + 1 + mean
      const gain = room <= 1e-12 ? 0 : (1 + d) / room - 1
      for (const [i, fraction] of fractions.entries()) money[i] = (money[i] as number) * (1 + fraction * gain)
      sum += d
    }
    return money.reduce((total, one) => total + one, 0) / fractions.length
  }

  test.each([
    { name: 'yes and no', value: (u: number) => (u < 0.2 ? 1 : u < 0.3 ? -1 : 0) },
    { name: 'graded', value: (u: number) => 0.1 + Math.sin(1_000 * u) / 2 },
  ])('rule out no mean that the formula does not, and nearly all that it does: $name', ({ value }) => {
    const items = 1_500
    const random = seededRandom(11)
    const draws = Array.from({ length: items }, () => value(random()))
    const sequence = new FiniteSequence(1, items)
    let lowest = -1
    for (const [index, d] of draws.slice(0, 1_200).entries()) {
      sequence.push(d)
      if (index % 100 !== 99) continue
      const drawn = draws.slice(0, index + 1)
      const mean = drawn.reduce((sum, d) => sum + d, 0) / drawn.length
      const exact = bisect((delta) => made(drawn, items, delta) >= 40, -1, mean)
      const { low } = sequence.interval() ?? { low: Number.NaN }
      if (sequence.side(0) === null) {
        expect(low).toBeGreaterThanOrEqual(exact - 0.03 * (mean - exact))
        // It may have been ruled out by fewer draws, and stays so.
        if (low > Math.max(lowest, exact)) {
          const before = Array.from({ length: 100 }, (_, i) => draws.slice(0, index - i + 1))
          expect(before.some((some) => made(some, items, low) >= 40)).toBe(true)
        }
      }
      lowest = Math.max(lowest, low)
    }
  })

  test('stay few when the observed mean comes close to the bound and leaves it: these orders once took for ever', () => {
    const random = randomFrom(3)
    for (let order = 0; order < 200; order += 1) random.shuffle(changes(500, 40, 20))
    const orders = Array.from({ length: 820 }, () => random.shuffle(changes(500, 30, 30)))
    for (const order of orders.slice(-4)) expect(drawn(order, 500, 0).interval()).toEqual({ low: 0, high: 0 })
  })

  test('all items at once are what they are one by one', () => {
    const differences = mixed(200, 30, 10)
    const sequence = new FiniteSequence(1, 200, 0.05)
    sequence.pushAll(differences)
    const oneByOne = drawn(differences, 200, 0.05)
    expect(sequence.interval()).toEqual(oneByOne.interval())
    for (const mean of [0, 0.05, -0.05]) expect(sequence.side(mean)).toBe(oneByOne.side(mean))
    expect(() => new FiniteSequence(1, 3).pushAll([0, 1])).toThrow('Expected all 3 items at once, got 2.')
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
