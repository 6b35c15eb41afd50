import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Pace, type Rates, reserveSlots, slotLifeMs } from '../../../src/domain/limits/pacing.ts'

/** Reserves slots `asks` times, with the gaps before each in milliseconds, and returns the start times. */
function reserve(rates: Rates, asks: { gapMs: number; count: number }[], tokensPerCall = 0): number[] {
  let pace: Pace = { requestsAt: 0, tokensAt: 0 }
  let now = 1_000_000
  const starts: number[] = []
  for (const { gapMs, count } of asks) {
    now += gapMs
    const reserved = reserveSlots(pace, rates, now, count, tokensPerCall)
    pace = reserved.pace
    const { slots } = reserved
    for (let index = 0; index < slots.count; index += 1) starts.push(now + slots.delayMs + index * slots.spacingMs)
  }
  return starts
}

const requests = (requestsPerMinute: number): Rates => ({ requestsPerMinute, tokensPerMinute: null })
const asks = fc.array(fc.record({ gapMs: fc.nat(5_000), count: fc.integer({ min: 1, max: 200 }) }), { maxLength: 200 })

test('no 60 seconds have more calls than the limit, however late each uses its slot', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      asks,
      fc.infiniteStream(fc.nat(slotLifeMs - 1)),
      (limit, asked, late) => {
        const starts = reserve(requests(limit), asked)
          .map((at) => at + (late.next().value ?? 0))
          .sort((a, b) => a - b)
        for (let first = 0; first + limit < starts.length; first += 1) {
          expect((starts[first + limit] ?? 0) - (starts[first] ?? 0)).toBeGreaterThanOrEqual(60_000)
        }
      },
    ),
  )
})

test('a caller that always asks in time gets 98 % of the limit', () => {
  for (const limit of [1, 7, 60, 600, 60_000]) {
    const minutes = limit < 10 ? 20 : 1
    const starts = reserve(
      requests(limit),
      Array.from({ length: minutes * 600 }, () => ({ gapMs: 100, count: 1_000 })),
    )
    const within = starts.filter((at) => at < 1_000_000 + minutes * 60_000).length
    expect(within / (limit * minutes)).toBeGreaterThan(0.98)
  }
})

test('slots are reserved for at most a second, and none further ahead', () => {
  const pace = { requestsAt: 0, tokensAt: 0 }
  const first = reserveSlots(pace, requests(6_000), 5_000, 1_000, 0)
  expect(first.slots.count).toBe(98)
  const second = reserveSlots(first.pace, requests(6_000), 5_000, 1_000, 0)
  expect(second.slots).toMatchObject({ count: 98, delayMs: expect.closeTo(996.3, 1) })
  const third = reserveSlots(second.pace, requests(6_000), 5_000, 1_000, 0)
  expect(third.slots).toMatchObject({ count: 0, delayMs: expect.closeTo(992.7, 1) })
  expect(third.pace).toEqual(second.pace)
})

test('slots are spaced by the known token usage of calls', () => {
  const rates = { requestsPerMinute: null, tokensPerMinute: 61_000 }
  const { slots, pace } = reserveSlots({ requestsAt: 0, tokensAt: 0 }, rates, 5_000, 10, 200)
  expect(slots).toEqual({ count: 5, delayMs: 0, spacingMs: 200 })
  expect(pace.tokensAt).toBe(6_000)
})

test('a debt of tokens delays the next slot until it is paid', () => {
  const rates = { requestsPerMinute: null, tokensPerMinute: 61_000 }
  const paid = { requestsAt: 0, tokensAt: 5_500 }
  expect(reserveSlots(paid, rates, 5_000, 1, 0).slots).toMatchObject({ count: 1, delayMs: 500 })
  const deep = { requestsAt: 0, tokensAt: 35_000 }
  expect(reserveSlots(deep, rates, 5_000, 1, 0).slots).toMatchObject({ count: 0, delayMs: 29_000 })
})
