/** Quick versions of test/simulations: each would fail if its promise was broken as it once was. */
import { expect, test } from 'vitest'
import { FiniteSequence } from '../../../src/domain/statistics/finite-sequence.ts'
import { decideVerdicts } from '../../../src/domain/statistics/verdict.ts'
import { compareWithFailures } from '../../helpers/failing-pairs.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'
import { atMost, binaryPair, changes, randomFrom, shareOf } from '../../simulations/data.ts'

const replications = 1_000

test.each(['MISSING', 'WORST'] as const)('failing where it would be wrong makes no winner, failures %s', (policy) => {
  const random = randomFrom(1)
  const wrong = shareOf(replications, () => {
    const { verdict } = compareWithFailures(random, { n: 300, failing: 0.1, policy })
    return verdict === 'IMPROVED' || verdict === 'REGRESSED'
  })
  expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
})

test('a few pairs that did not change do not show that nothing is lost', () => {
  const random = randomFrom(2)
  const wrong = shareOf(replications, () => {
    const pairs = Array.from({ length: 20 }, () => binaryPair(random, 0, 0.05))
    const figures = compareMetric(pairs, 'HIGHER_IS_BETTER', 0, 1)
    return decideVerdicts([{ figures, margin: 0.01 }])[0]?.verdict !== 'INCONCLUSIVE'
  })
  expect(wrong).toBeLessThanOrEqual(atMost(0.025, replications))
})

test('on exactly these items a real difference is decided early in nearly every order, and none is found where there is none', () => {
  const random = randomFrom(3)
  const isEarly = (gained: number, lost: number) => () => {
    const sequence = new FiniteSequence(1, 500)
    const order = random.shuffle(changes(500, gained, lost))
    const at = order.findIndex((difference) => {
      sequence.push(difference)
      return sequence.side(0) !== null
    })
    return at >= 0 && at < 499
  }
  expect(shareOf(200, isEarly(40, 20))).toBeGreaterThanOrEqual(0.95)
  expect(shareOf(300, isEarly(30, 30))).toBeLessThanOrEqual(atMost(0.05, 300))
})
