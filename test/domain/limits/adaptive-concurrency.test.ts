import { expect, test } from 'vitest'
import { AdaptiveConcurrency } from '../../../src/domain/limits/adaptive-concurrency.ts'

/**
 * Simulates round trips to an endpoint that takes `capacity` calls at once and rejects the others; returns how many
 * succeeded in each.
 */
function roundTrips(
  adaptive: AdaptiveConcurrency,
  from: number,
  count: number,
  capacity: number,
  demand = 1_000,
): number[] {
  return Array.from({ length: count }, (_, index) => {
    const now = from + index
    const inFlight = Math.min(adaptive.limit, demand)
    const succeeded = Math.min(inFlight, capacity)
    // A call that ends makes room for the next, so the calls in flight follow the limit.
    for (let call = 0; call < succeeded; call += 1) {
      adaptive.succeeded({ startedAt: now, inFlight: Math.min(adaptive.limit, demand) })
    }
    for (let call = succeeded; call < inFlight; call += 1) adaptive.overloaded({ startedAt: now, inFlight }, now + 0.5)
    return succeeded
  })
}

const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

test('without an overload there is no limit', () => {
  const adaptive = new AdaptiveConcurrency()
  adaptive.succeeded({ startedAt: 0, inFlight: 500 })
  expect(adaptive.limit).toBe(Infinity)
})

test('an overload halves what was in flight, once for all calls in flight', () => {
  const adaptive = new AdaptiveConcurrency()
  for (let call = 0; call < 100; call += 1) adaptive.overloaded({ startedAt: 0, inFlight: 100 }, 1)
  expect(adaptive.limit).toBe(50)
  adaptive.overloaded({ startedAt: 2, inFlight: 50 }, 3)
  expect(adaptive.limit).toBe(25)
})

test('the limit never falls below one call', () => {
  const adaptive = new AdaptiveConcurrency()
  for (let now = 0; now < 50; now += 1) adaptive.overloaded({ startedAt: now, inFlight: 3 }, now)
  expect(adaptive.limit).toBe(1)
})

test('an endpoint that rejects everything is called less and less often, until a call succeeds', () => {
  const adaptive = new AdaptiveConcurrency()
  const waits = Array.from({ length: 9 }, (_, now) => adaptive.overloaded({ startedAt: now, inFlight: 8 }, now))
  expect(waits).toEqual([0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
  expect(adaptive.overloaded({ startedAt: 7, inFlight: 8 }, 10)).toBe(0)
  adaptive.succeeded({ startedAt: 10, inFlight: 1 })
  expect(adaptive.overloaded({ startedAt: 11, inFlight: 1 }, 11)).toBe(0)
})

test('calls that started before the limit fell do not raise it', () => {
  const adaptive = new AdaptiveConcurrency()
  adaptive.overloaded({ startedAt: 0, inFlight: 10 }, 5)
  for (let call = 0; call < 50; call += 1) adaptive.succeeded({ startedAt: 4, inFlight: 10 })
  expect(adaptive.limit).toBe(5)
})

test('a limit that is not reached does not grow', () => {
  const adaptive = new AdaptiveConcurrency()
  adaptive.overloaded({ startedAt: 0, inFlight: 10 }, 1)
  for (let call = 0; call < 50; call += 1) adaptive.succeeded({ startedAt: 2, inFlight: 4 })
  expect(adaptive.limit).toBe(5)
})

test.each([4, 20, 100, 500])('an endpoint that takes %i calls at once is kept at least 75 percent busy', (capacity) => {
  const adaptive = new AdaptiveConcurrency()
  roundTrips(adaptive, 0, 60, capacity)
  expect(mean(roundTrips(adaptive, 1_000, 200, capacity)) / capacity).toBeGreaterThan(0.75)
})

test('after a burst of overload the limit is back at 90 % within 15 round trips', () => {
  const adaptive = new AdaptiveConcurrency()
  roundTrips(adaptive, 0, 5, 0, 100)
  expect(adaptive.limit).toBe(3)
  roundTrips(adaptive, 100, 15, 1_000, 100)
  expect(adaptive.limit).toBeGreaterThanOrEqual(90)
})

test('when the capacity of the endpoint increases, the limit follows', () => {
  const adaptive = new AdaptiveConcurrency()
  roundTrips(adaptive, 0, 100, 10)
  expect(adaptive.limit).toBeLessThanOrEqual(12)
  roundTrips(adaptive, 1_000, 100, 1_000)
  expect(adaptive.limit).toBeGreaterThanOrEqual(500)
})
