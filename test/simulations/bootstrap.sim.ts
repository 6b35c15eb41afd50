/** Few changes, all in one direction: the bootstrap covers the truth where t does not. */
import { expect, test } from 'vitest'
import { compareMetric } from '../helpers/reference-statistics.ts'
import { type Random, randomFrom, shareOf } from './data.ts'

const repeated = (random: Random, p: number) => (random.chance(p) + random.chance(p) + random.chance(p)) / 3

const scenarios = [
  {
    name: 'one item in ten differs',
    truth: 0.05,
    draw: (random: Random) => ({ baseline: 0.5, candidate: 0.5 + (random() < 0.1 ? random() : 0) }),
  },
  {
    name: 'never solved before, now a few, sometimes',
    truth: 0.15 / 2,
    draw: (random: Random) => ({ baseline: 0, candidate: random() < 0.15 ? repeated(random, random()) : 0 }),
  },
]

test.each(scenarios)('contains the truth in 95 % ± 2 %: $name', ({ draw, truth }) => {
  const random = randomFrom(8)
  const covered = shareOf(1_500, () => {
    const pairs = Array.from({ length: 100 }, () => draw(random))
    const { interval } = compareMetric(pairs, 'HIGHER_IS_BETTER')
    return interval !== null && interval.low <= truth && truth <= interval.high
  })
  expect(Math.abs(covered - 0.95), `coverage ${covered}`).toBeLessThanOrEqual(0.02)
})
