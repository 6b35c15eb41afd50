/** Items that belong together find no winner among equals, and independent ones are not taken for dependent. */
import { expect, test } from 'vitest'
import { findClustering } from '../../src/domain/statistics/dependence.ts'
import { numberClusters } from '../../src/engine/comparison/run-values.ts'
import { clusterShapes, compareClusters } from '../helpers/clustered-pairs.ts'
import { atMost, randomFrom, shareOf } from './data.ts'

const replications = 20_000

const shapes = clusterShapes.flatMap((shape) => [true, false].map((binary) => ({ ...shape, binary })))

test.each(shapes)('$clusters clusters of $size, ρ $correlation, binary $binary: at most 5 % have a winner', (shape) => {
  const random = randomFrom(31)
  const wrong = shareOf(replications, () => compareClusters(random, shape) !== 'INCONCLUSIVE')
  console.log(`${JSON.stringify(shape)}: ${(100 * wrong).toFixed(2)} %`)
  expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
})

test.each([
  { changed: 0.1, items: 300 },
  { changed: 0.5, items: 1_000 },
  { changed: 0.02, items: 1_000 },
])('independent items, $changed of $items change: a warning of dependence in at most 1 %', ({ changed, items }) => {
  const random = randomFrom(33)
  // Twenty passages, pairs, and a key with one common and many rare values.
  const keys = [(item: number) => item % 20, (item: number) => item >> 1, (item: number) => (item % 3 === 0 ? 0 : item)]
  const clusters = keys.map((key) =>
    numberClusters(
      Array.from({ length: items }, (_, item) => key(item)),
      same,
    ),
  )
  const warned = shareOf(replications, () => {
    const differences = Float64Array.from({ length: items }, () => {
      const u = random()
      return u < changed / 2 ? 1 : u < changed ? -1 : 0
    })
    return clusters.some((numbers) => findClustering(differences, numbers, 0.01 / keys.length) !== null)
  })
  console.log(`warned of independent items: ${(100 * warned).toFixed(2)} %`)
  expect(warned).toBeLessThanOrEqual(atMost(0.01, replications))
})

/** Every number is what it belongs to. */
const same = new Map(Array.from({ length: 1_000 }, (_, value) => [value, value]))
