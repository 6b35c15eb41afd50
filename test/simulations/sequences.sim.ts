/** How often the decisions of the sequences are wrong, and how early they are right. */
import { describe, expect, test } from 'vitest'
import { DifferenceSequence } from '../../src/domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../src/domain/statistics/finite-sequence.ts'
import { atMost, changes, randomFrom, shareOf } from './data.ts'

const replications = 20_000

describe('on items like these, looked at after every pair', () => {
  test.each([0.05, 0.2, 0.5, 1])(
    'finds a difference in at most 5 in 100 where there is none, a share of %d changes',
    (share) => {
      const random = randomFrom(1)
      const wrong = shareOf(replications, () => {
        const sequence = new DifferenceSequence(1, { binary: true, hasBounds: false })
        for (let n = 0; n < 1_000 && sequence.side(0) === null; n++) {
          const u = random()
          sequence.push(u < share / 2 ? 1 : u < share ? -1 : 0)
        }
        return sequence.side(0) !== null
      })
      console.log(`${share} change: ${(100 * wrong).toFixed(2)} % wrong`)
      expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
    },
  )

  const graded = [
    { name: 'two uniform scores', draw: (random: () => number) => random() - random() },
    { name: 'rare large losses', draw: (random: () => number) => (random() < 0.1 ? -0.9 : 0.1) },
    { name: 'rare large gains', draw: (random: () => number) => (random() < 0.1 ? 0.9 : -0.1) },
  ]
  test.each(graded)('finds a difference in at most 5 in 100 where there is none: $name', ({ name, draw }) => {
    const random = randomFrom(2)
    const wrong = shareOf(replications, () => {
      const sequence = new DifferenceSequence(1, { hasBounds: false })
      for (let n = 0; n < 500 && sequence.side(0) === null; n++) sequence.push(draw(random))
      return sequence.side(0) !== null
    })
    console.log(`${name}: ${(100 * wrong).toFixed(2)} % wrong`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })

  test('decides with 18 % more pairs than the exact test needs for 80 % power, 12 % in the mean', () => {
    const random = randomFrom(3)
    const ratios = powerTable.map(({ gain, loss, pairs }) => {
      let total = 0
      for (let i = 0; i < replications; i++) {
        const sequence = new DifferenceSequence(1, { binary: true, hasBounds: false })
        while (sequence.side(0) === null && sequence.count < 5_000) {
          const u = random()
          sequence.push(u < gain ? 1 : u < gain + loss ? -1 : 0)
        }
        total += sequence.count
      }
      return total / replications / pairs
    })
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
    console.log(`pairs over n80: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}, mean ${mean.toFixed(3)}`)
    for (const ratio of ratios) expect(ratio).toBeLessThanOrEqual(1.18)
    expect(mean).toBeLessThanOrEqual(1.12)
  })
})

/** Probabilities of a gain and a loss, and the pairs that the exact McNemar test needs for 80 % power. */
const powerTable = [
  { gain: 0.05, loss: 0, pairs: 158 },
  { gain: 0.04, loss: 0.01, pairs: 465 },
  { gain: 0.035, loss: 0.015, pairs: 1_040 },
  { gain: 0.15, loss: 0.05, pairs: 170 },
  { gain: 0.125, loss: 0.075, pairs: 650 },
  { gain: 0.115, loss: 0.085, pairs: 1_800 },
  { gain: 0.35, loss: 0.15, pairs: 102 },
  { gain: 0.3, loss: 0.2, pairs: 408 },
  { gain: 0.275, loss: 0.225, pairs: 1_600 },
]

/** Finite datasets, and the share of the calls that deciding without replacement saves at least. */
const datasets = [
  { items: 200, gained: 20, lost: 8, saved: 0.3 },
  { items: 500, gained: 40, lost: 20, saved: 0.37 },
  { items: 500, gained: 30, lost: 20, saved: 0.15 },
  { items: 805, gained: 23, lost: 90, saved: 0.79 },
  { items: 805, gained: 32, lost: 48, saved: 0.24 },
  { items: 1_000, gained: 60, lost: 40, saved: 0.28 },
]

describe('on exactly these items', () => {
  test.each(datasets)(
    '$gained gains and $lost losses of $items items are decided early in 95 of 100 orders, saving $saved',
    ({ items, gained, lost, saved }) => {
      const random = randomFrom(5)
      let drawn = 0
      const early = shareOf(replications, () => {
        const sequence = new FiniteSequence(1, items, 0, false)
        const order = random.shuffle(changes(items, gained, lost))
        const at = order.findIndex((difference) => {
          sequence.push(difference)
          return sequence.side(0) !== null
        })
        drawn += at + 1
        return at < items - 1
      })
      const share = 1 - drawn / replications / items
      console.log(
        `${gained} / ${lost} of ${items}: ${(100 * early).toFixed(1)} % early, ${(100 * share).toFixed(1)} % saved`,
      )
      expect(early).toBeGreaterThanOrEqual(0.95)
      expect(share).toBeGreaterThanOrEqual(saved - 0.03)
    },
  )

  test.each([
    { items: 100, changed: 5 },
    { items: 200, changed: 40 },
    { items: 500, changed: 250 },
    { items: 1_000, changed: 100 },
  ])(
    'of $items items of which $changed gained and as many lost, at most 5 in 100 of orders see a winner',
    ({ items, changed }) => {
      const random = randomFrom(6)
      const wrong = shareOf(replications, () => {
        const sequence = new FiniteSequence(1, items, 0, false)
        return random.shuffle(changes(items, changed, changed)).some((difference) => {
          sequence.push(difference)
          return sequence.side(0) !== null
        })
      })
      console.log(`${changed} and ${changed} of ${items}: ${(100 * wrong).toFixed(2)} % wrong`)
      expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
    },
  )

  test('with half of the losses lacking instead, no more', () => {
    const random = randomFrom(7)
    const wrong = shareOf(replications, () => {
      const sequence = new FiniteSequence(1, 300, 0, false)
      return random.shuffle(changes(300, 40, 40)).some((difference) => {
        if (difference < 0 && random() < 0.5) sequence.push(-1, 0)
        else sequence.push(difference)
        return sequence.side(0) !== null
      })
    })
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })
})
