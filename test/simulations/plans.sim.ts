/** What is planned has the power that was asked for, and a primary metric loses nothing to the metrics beside it. */
import { expect, test } from 'vitest'
import { itemsNeeded, type PlanBasis } from '../../src/domain/statistics/run-plan.ts'
import { decideVerdicts } from '../../src/domain/statistics/verdict.ts'
import { compareMetric } from '../helpers/reference-statistics.ts'
import { binaryPair, type Random, randomFrom, shareOf } from './data.ts'

const replications = 20_000
const error = 3 * Math.sqrt((0.8 * 0.2) / replications)

const basisOf = (more: Partial<PlanBasis>): PlanBasis => ({
  ...{ variance: 0, repetitions: 1, split: null, changed: null, designEffect: 1 },
  ...more,
})

test.each([
  { changed: 0.2, effect: 0.1 },
  { changed: 0.05, effect: 0.05 },
  { changed: 0.5, effect: 0.1 },
])('yes and no: $changed of the items change, an effect of $effect is shown in 80 %', ({ changed, effect }) => {
  const items = itemsNeeded(basisOf({ changed, variance: changed }), { kind: 'EFFECT', size: effect }, 0.8, 1) as number
  const random = randomFrom(71)
  const shown = shareOf(replications, () => {
    const pairs = Array.from({ length: items }, () =>
      binaryPair(random, (changed + effect) / 2, (changed - effect) / 2),
    )
    return decideVerdicts([{ figures: compareMetric(pairs, 'HIGHER_IS_BETTER'), margin: 0 }])[0]?.verdict === 'IMPROVED'
  })
  expect(shown, `${items} items`).toBeGreaterThanOrEqual(0.8 - error)
  expect(shown, `${items} items`).toBeLessThanOrEqual(0.83)
})

test.each([1, 3])('graded, %d repetitions: an effect is shown in 80 of 100', (repetitions) => {
  const split = { items: 0.5, repetitions: 2 }
  const basis = basisOf({ variance: 2.5, split })
  const items = itemsNeeded(basis, { kind: 'EFFECT', size: 0.4 }, 0.8, repetitions) as number
  const random = randomFrom(72)
  const noise = Math.sqrt(split.items + split.repetitions / repetitions)
  const shown = shareOf(replications, () => {
    const pairs = Array.from({ length: items }, () => ({ baseline: 0, candidate: 0.4 + noise * random.gaussian() }))
    return decideVerdicts([{ figures: compareMetric(pairs, 'HIGHER_IS_BETTER'), margin: 0 }])[0]?.verdict === 'IMPROVED'
  })
  expect(Math.abs(shown - 0.8), `${shown} with ${items} items`).toBeLessThanOrEqual(0.01 + error)
})

test('a loss of more than the margin is ruled out in 80 %, where there is none', () => {
  const items = itemsNeeded(basisOf({ changed: 0.1, variance: 0.1 }), { kind: 'MARGIN', size: 0.05 }, 0.8, 1) as number
  const random = randomFrom(73)
  const shown = shareOf(replications, () => {
    const pairs = Array.from({ length: items }, () => binaryPair(random, 0.05, 0.05))
    const [decision] = decideVerdicts([{ figures: compareMetric(pairs, 'HIGHER_IS_BETTER', 0, 1), margin: 0.05 }])
    return decision?.verdict !== 'INCONCLUSIVE' && decision?.verdict !== 'REGRESSED'
  })
  expect(Math.abs(shown - 0.8), `${shown} with ${items} items`).toBeLessThanOrEqual(0.03)
})

test('a primary metric beside ten descriptive ones has 95 % of the power that it has alone', () => {
  const draw = (random: Random, effect: number) =>
    compareMetric(
      Array.from({ length: 300 }, () => binaryPair(random, 0.1 + effect / 2, 0.1 - effect / 2)),
      'HIGHER_IS_BETTER',
    )
  const random = randomFrom(74)
  let [alone, beside] = [0, 0]
  for (let i = 0; i < replications; i++) {
    const primary = { figures: draw(random, 0.08), margin: 0, primary: { rank: 0, weight: 1 } }
    const others = Array.from({ length: 10 }, () => ({ figures: draw(random, 0), margin: 0 }))
    if (decideVerdicts([{ ...primary, primary: null }])[0]?.verdict === 'IMPROVED') alone += 1
    if (decideVerdicts([primary, ...others])[0]?.verdict === 'IMPROVED') beside += 1
  }
  expect(beside / alone).toBeGreaterThanOrEqual(0.95)
})
