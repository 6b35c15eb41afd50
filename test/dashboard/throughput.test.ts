/** How fast a run goes is never less than nothing, whatever is taken back. */
import { expect, test } from 'vitest'
import { endedSince, type Moment, rateOf, ratesOf } from '../../src/dashboard/pages/run/throughput.ts'

/** What a page sees that looks once a second. */
function watch(done: number[]): (Moment & { done: number })[] {
  const moments: (Moment & { done: number })[] = []
  for (const [at, count] of done.entries()) {
    moments.push({ at, done: count, ended: endedSince(moments.at(-1), count) })
  }
  return moments
}

test('the rate is that of the seconds before', () => {
  expect(ratesOf(watch([100, 110, 130, 150, 150]), 2)).toEqual([null, 10, 15, 20, 10])
  expect(rateOf(watch([0, 10, 20]))).toBe(10)
  expect(rateOf([])).toBeNull()
})

test('items that are retried were executed all the same', () => {
  // Six failed ones go back to the queue, and three of them end again.
  const rates = ratesOf(watch([50, 60, 54, 55, 57]), 10)
  expect(rates).toEqual([null, 10, 5, 11 / 3, 13 / 4])
  expect(ratesOf(watch([60, 0, 0]), 10)).toEqual([null, 0, 0])
})
