import { expect, test } from 'vitest'
import { decideRetry } from '../../../src/domain/execution/retry-policy.ts'

/** The pauses between the calls of one item whose endpoint fails each of them with this `Retry-After`. */
function pausesOf(retryAfterMs: number | null, maxAttempts: number): number[] {
  const pauses: number[] = []
  const calls = { attempts: 1, excused: 0 }
  const error = { code: 'HTTP_STATUS' as const, retryable: true, retryAfterMs }
  for (;;) {
    const retry = decideRetry(error, calls, maxAttempts, () => 0.5)
    if (!retry || pauses.length > 100) return pauses
    pauses.push(retry.delayMs)
    calls.attempts += 1
    if (!retry.spendsAttempt) calls.excused += 1
  }
}

test.each([0, 1_000, 3_600_000])(
  'an endpoint that always asks to wait %i ms gets 20 calls more, and not for ever',
  (ms) => {
    expect(pausesOf(ms, 3)).toHaveLength(22)
  },
)

test('what it asks for is waited for, also when it spends attempts, and never nothing', () => {
  expect(new Set(pausesOf(1_000, 3))).toEqual(new Set([1_050]))
  expect(new Set(pausesOf(0, 3))).toEqual(new Set([105]))
})

test('without a Retry-After, or with one beyond an hour, every call is an attempt', () => {
  expect(pausesOf(null, 3)).toEqual([250, 500])
  expect(pausesOf(3_600_001, 3)).toEqual([250, 500])
})
