/** Which items of a review queue are drawn, and with which probability. */
import { expect, it } from 'vitest'
import { drawBalanced, drawSample, inclusionProbabilities, informationSizes } from '../../../src/domain/review/draw.ts'
import { countLabels, type LabelOrigin } from '../../../src/domain/review/label-weights.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'

const close = (expected: number) => expect.closeTo(expected, 9)

function items(count: number, seed: number) {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, n) => ({ n, random: random() }))
}

it('probabilities are proportional to sizes, at most 1, and sum to the size of the sample', () => {
  expect(inclusionProbabilities([1, 2, 3, 4], 2)).toEqual([0.2, 0.4, 0.6, 0.8].map(close))
  // The largest is certain, and the others share what is left.
  expect(inclusionProbabilities([1, 1, 2, 100], 3)).toEqual([0.5, 0.5, 1, 1].map(close))
  expect(inclusionProbabilities([1, 0, 1], 2)).toEqual([1, 0, 1])
  expect(inclusionProbabilities([1, 2], 5)).toEqual([1, 1])
  expect(inclusionProbabilities([], 5)).toEqual([])
})

it('items come as often as their probability says, over many seeds', () => {
  const seeds = 4_000
  const sizes = [1, 1, 2, 2, 4, 6, 8, 8]
  const counts = sizes.map(() => 0)
  for (let seed = 1; seed <= seeds; seed += 1) {
    const drawn = drawSample(items(sizes.length, seed), 4, ({ n }) => sizes[n] ?? 0)
    expect(drawn).toHaveLength(4)
    for (const { n } of drawn) counts[n] = (counts[n] ?? 0) + 1
  }
  // Four standard errors, and what the method leaves in so small a sample.
  for (const [n, probability] of inclusionProbabilities(sizes, 4).entries()) {
    expect(Math.abs((counts[n] ?? 0) / seeds - probability)).toBeLessThan(0.03)
  }
})

it('a balanced sample has as many of each value as there are, each with the probability of its stratum', () => {
  const all = items(100, 3)
  const drawn = drawBalanced(all, 30, ({ n }) => (n < 5 ? 'rare' : n < 50 ? 'some' : 'most'))
  const of = (from: number, to: number) => drawn.filter(({ n }) => n >= from && n < to)
  expect([of(0, 5), of(5, 50), of(50, 100)].map(({ length }) => length)).toEqual([5, 12, 13])
  expect(of(0, 5)[0]?.probability).toBe(1)
  expect(of(5, 50)[0]?.probability).toBeCloseTo(12 / 45, 9)
  expect(of(50, 100)[0]?.probability).toBeCloseTo(13 / 50, 9)
})

it('samples of one seed have as many items in common as they can', () => {
  const all = items(200, 9)
  const small = new Set(drawSample(all, 20).map(({ n }) => n))
  const large = new Set(drawSample(all, 60).map(({ n }) => n))
  expect([...small].every((n) => large.has(n))).toBe(true)
})

it('half of a sample by information is the same for all', () => {
  expect(informationSizes([0, 0, 1, 3])).toEqual([0.25, 0.25, 0.5, 1])
  expect(informationSizes([0, 0])).toEqual([0.5, 0.5])
})

it('labels of the draw with most of them count, by their probability and how much of it is labelled', () => {
  const runId = 'r'
  const queue = { id: 'q', kind: 'SAMPLE', seed: 's', items: 10, probability: 0.5 } as const
  const other = { ...queue, id: 'o', probability: 0.1 }
  const chosen = { ...queue, id: 'd', kind: 'DISAGREEMENTS', probability: null } as const
  const origin = (ordinal: number, queue: LabelOrigin['queue']): LabelOrigin => ({ runId, ordinal, queue })
  const { labels, leftOut, seeds } = countLabels([
    origin(1, queue),
    origin(2, { ...queue, probability: 1 }),
    origin(2, chosen),
    origin(2, other),
    origin(3, chosen),
    origin(4, null),
  ])
  expect(labels).toEqual([
    { runId, ordinal: 1, probability: close(0.1) },
    { runId, ordinal: 2, probability: close(0.2) },
  ])
  expect([leftOut, seeds.get(runId)]).toEqual([2, 's'])
  // Without a draw labels count alike, but those of what was chosen.
  const without = countLabels([origin(3, chosen), origin(4, null)])
  expect(without).toEqual({ labels: [{ runId, ordinal: 4, probability: 1 }], leftOut: 1, seeds: new Map() })
})
