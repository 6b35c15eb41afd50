import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import { ScheduleOrder } from '../../../src/domain/statistics/schedule-order.ts'

function intervalAfter(differences: Iterable<number>, range = 1) {
  const sequence = new DifferenceSequence(range)
  for (const d of differences) sequence.push(d)
  return sequence.interval()
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

  test('is what the formula says: all of K(δ) < 40 on a fine grid', () => {
    const differences = [1, 0, 0, 1, -1, 1, 0.5, 1, 1, 0, 1, 1]
    const wealth = (delta: number) => {
      let sum = 0
      for (let i = 0; i < 16; i++) {
        const f = 0.95 * 2 ** (-i / 2)
        sum += differences.reduce((money, d) => money * (1 - f + (f * (d + 1)) / (delta + 1)), 1)
      }
      return sum / 16
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
        let before = sequence.interval()
        for (const d of differences) {
          sequence.push(d)
          mirrored.push(0 - d)
          const now = sequence.interval()
          expect(now.low).toBeGreaterThanOrEqual(before.low)
          expect(now.high).toBeLessThanOrEqual(before.high)
          expect(now.low).toBeLessThanOrEqual(now.high)
          expect(mirrored.interval()).toEqual({ low: -now.high, high: -now.low })
          before = now
        }
        expect(intervalAfter(differences)).toEqual(before)
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

  test('stays at its last interval when later pairs contradict the earlier ones altogether', () => {
    const sequence = new DifferenceSequence(1)
    for (let i = 0; i < 400; i++) sequence.push(1)
    const early = sequence.interval()
    for (let i = 0; i < 4_000; i++) sequence.push(-1)
    const { low, high } = sequence.interval()
    expect(low).toBe(early.low)
    expect(high).toBeGreaterThanOrEqual(low)
    expect(sequence.count).toBe(4_400)
  })

  test('refuses what is outside the bounds and takes nothing of it', () => {
    const sequence = new DifferenceSequence(1)
    for (const bad of [1.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => sequence.push(bad)).toThrow(`expected a difference within ±1, got ${bad}`)
    }
    expect(sequence.count).toBe(0)
    sequence.push(1 + 1e-12)
    expect(sequence.count).toBe(1)
    expect(() => new DifferenceSequence(0)).toThrow(
      "expected the width of the score's bounds to be a positive finite number",
    )
  })

  test('takes 100,000 pairs in under two seconds', () => {
    const started = performance.now()
    intervalAfter(Array.from({ length: 100_000 }, (_, i) => Math.sin(i * i) / 2))
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('schedule order', () => {
  test('releases pairs in schedule order whatever order they complete in, and counts the rest', () => {
    const order = new ScheduleOrder<string>()
    expect(order.settle(2, 'c')).toEqual([])
    expect(order.settle(1, null)).toEqual([])
    expect({ next: order.next, heldBack: order.heldBack, skipped: order.skipped }).toEqual({
      next: 0,
      heldBack: 1,
      skipped: 0,
    })
    expect(order.settle(0, 'a')).toEqual(['a', 'c'])
    expect(order.settle(3, 'd')).toEqual(['d'])
    expect({ next: order.next, released: order.released, heldBack: order.heldBack, skipped: order.skipped }).toEqual({
      next: 4,
      released: 3,
      heldBack: 0,
      skipped: 1,
    })
  })

  test('every permutation releases every pair exactly once, in order', () => {
    const settled = fc.array(fc.option(fc.nat()), { maxLength: 40 })
    fc.assert(
      fc.property(
        settled.chain((values) =>
          fc.tuple(fc.constant(values), fc.shuffledSubarray([...values.keys()], { minLength: values.length })),
        ),
        ([values, completion]) => {
          const order = new ScheduleOrder<number>()
          const released = completion.flatMap((rank) => order.settle(rank, values[rank] ?? null))
          expect(released).toEqual(values.filter((value) => value !== null))
          expect(order).toMatchObject({ next: values.length, heldBack: 0, released: released.length })
          expect(order.skipped).toBe(values.length - released.length)
        },
      ),
      { seed: 4 },
    )
  })

  test('a rank is settled once', () => {
    const order = new ScheduleOrder<number>()
    order.settle(0, 1)
    order.settle(5, 1)
    expect(() => order.settle(0, 2)).toThrow('expected every rank to be settled once, got 0 again')
    expect(() => order.settle(5, 2)).toThrow('got 5 again')
    expect(() => order.settle(-1, 2)).toThrow('expected a rank 0, 1, 2 …, got -1')
  })
})
