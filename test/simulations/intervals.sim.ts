/** How often the intervals of the sequences, looked at after every pair, ever miss the truth. */
import { expect, test } from 'vitest'
import { DifferenceSequence } from '../../src/domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../src/domain/statistics/finite-sequence.ts'
import type { Interval } from '../../src/domain/statistics/interval.ts'
import { atMost, changes, type Random, randomFrom, shareOf } from './data.ts'

const replications = 20_000

const misses = (interval: Interval | null, truth: number) =>
  interval === null || interval.low > truth + 1e-9 || interval.high < truth - 1e-9

const populations = [
  {
    name: '15 % gains and 5 % losses',
    truth: 0.1,
    binary: true,
    draw: (u: number) => (u < 0.15 ? 1 : u < 0.2 ? -1 : 0),
  },
  { name: 'rare large losses', truth: -0.25, binary: false, draw: (u: number) => (u < 0.3 ? -1 : 1 / 14) },
]

test.each(populations)('on items like these, in at most 5 %: $name', ({ name, truth, binary, draw }) => {
  const random = randomFrom(8)
  const missed = shareOf(replications, () => {
    const sequence = new DifferenceSequence(1, { binary })
    for (let n = 0; n < 300; n++) {
      sequence.push(draw(random()))
      if (misses(sequence.interval(), truth)) return true
    }
    return false
  })
  console.log(`interval on items like these, ${name}: ${(100 * missed).toFixed(2)} % miss`)
  expect(missed).toBeLessThanOrEqual(atMost(0.05, replications))
})

const datasets = [
  { name: '30 gains and 18 losses of 200', differences: changes(200, 30, 18) },
  {
    name: '100 graded differences',
    differences: Array.from({ length: 100 }, (_, item) => ((item * 37) % 101) / 100 - 0.4),
  },
  { name: '4 gains of 40', differences: changes(40, 4, 0) },
]

test.each(datasets)('on exactly these items, in at most 5 % of orders: $name', ({ name, differences }) => {
  const random: Random = randomFrom(9)
  const truth = differences.reduce((sum, difference) => sum + difference, 0) / differences.length
  const missed = shareOf(replications, () => {
    const sequence = new FiniteSequence(1, differences.length)
    return random.shuffle(differences).some((difference) => {
      sequence.push(difference)
      return misses(sequence.interval(), truth)
    })
  })
  console.log(`interval on exactly these items, ${name}: ${(100 * missed).toFixed(2)} % miss`)
  expect(missed).toBeLessThanOrEqual(atMost(0.05, replications))
})
