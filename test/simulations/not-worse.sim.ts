/** NOT_WORSE and EQUIVALENT are wrong in at most 2.5 % of comparisons in which the loss is the margin or more. */
import { expect, test } from 'vitest'
import { decideVerdicts } from '../../src/domain/statistics/verdict.ts'
import { compareMetric } from '../helpers/reference-statistics.ts'
import { atMost, binaryPair, randomFrom, shareOf } from './data.ts'

const replications = 20_000

test.each([
  ...[5, 10, 20, 50].map((n) => ({ n, gain: 0, loss: 0.05, margin: 0.01 })),
  ...[20, 50].map((n) => ({ n, gain: 0, loss: 0.1, margin: 0.05 })),
  { n: 50, gain: 0, loss: 0.025, margin: 0.02 },
  ...[100, 200, 500, 1_000].map((n) => ({ n, gain: 0.05, loss: 0.1, margin: 0.05 })),
])('$n pairs, gains $gain, losses $loss, margin $margin', ({ n, gain, loss, margin }) => {
  const random = randomFrom(4)
  const wrong = shareOf(replications, () => {
    const pairs = Array.from({ length: n }, () => binaryPair(random, gain, loss))
    const [decision] = decideVerdicts([{ figures: compareMetric(pairs, 'HIGHER_IS_BETTER', 0, 1), margin }])
    return decision?.verdict === 'NOT_WORSE' || decision?.verdict === 'EQUIVALENT' || decision?.verdict === 'IMPROVED'
  })
  expect(wrong).toBeLessThanOrEqual(atMost(0.025, replications))
})
