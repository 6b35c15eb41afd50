/** Between systems that are equally good nobody wins in more than 5 % of comparisons, whichever items fail. */
import { expect, test } from 'vitest'
import { compareWithFailures } from '../helpers/failing-pairs.ts'
import { atMost, randomFrom, shareOf } from './data.ts'

const replications = 20_000

test.each(
  [0, 0.02, 0.1, 0.25].flatMap((failing) =>
    (['MISSING', 'WORST'] as const).flatMap((policy) => [100, 1_000].map((n) => ({ n, failing, policy }))),
  ),
)('$n items, a share of $failing fails where it would be wrong, $policy', ({ n, failing, policy }) => {
  const random = randomFrom(20_261_126)
  const wrong = shareOf(replications, () => {
    const { verdict, truth } = compareWithFailures(random, { n, failing, policy })
    return truth === 0 && (verdict === 'IMPROVED' || verdict === 'REGRESSED')
  })
  console.log(`${n} items, ${failing} fail, ${policy}: ${(100 * wrong).toFixed(2)} % wrong`)
  expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
})
