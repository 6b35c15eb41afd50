/** Items that belong together find no winner among equals, also with everything else that goes wrong at once. */
import { describe, expect, test } from 'vitest'
import { DifferenceSequence } from '../../src/domain/statistics/difference-sequence.ts'
import { ClusterProgress } from '../../src/engine/comparison/cluster-progress.ts'
import { compareClusters, drawClusters } from '../helpers/clustered-pairs.ts'
import { atMost, randomFrom, shareOf } from './data.ts'

const replications = 20_000

const shapes = [
  { clusters: 20, size: 10, correlation: 0.3 },
  { clusters: 10, size: 50, correlation: 0.1 },
  { clusters: 40, size: 5, correlation: 0.3 },
  { clusters: 200, size: 2, correlation: 0.5 },
].flatMap((shape) => [true, false].map((binary) => ({ ...shape, binary })))

test.each(shapes)('$clusters clusters of $size, ρ $correlation, binary $binary: at most 5 % have a winner', (shape) => {
  const random = randomFrom(31)
  const wrong = shareOf(replications, () => compareClusters(random, shape) !== 'INCONCLUSIVE')
  console.log(`${JSON.stringify(shape)}: ${(100 * wrong).toFixed(2)} %`)
  expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
})

describe('clusters, failures that depend on the outcome, and a look after every item: at most 5 % have a winner', () => {
  test.each(shapes.filter(({ binary }) => binary))('$clusters clusters of $size, ρ $correlation', (shape) => {
    const random = randomFrom(32)
    const wrong = shareOf(replications / 4, () => {
      const { pairs, clusters } = drawClusters(random, shape)
      // Where it is wrong, the candidate fails in a quarter of the cases: lacking, not wrong.
      const items = pairs.map(({ baseline, candidate }, index) => ({
        id: index,
        lowest: candidate - baseline,
        highest: (candidate === 0 && random() < 0.25 ? 1 : candidate) - baseline,
      }))
      // Whatever finishes first, the schedule holds back what comes before an unfinished item.
      const schedule = random.shuffle(items)
      const ids = Float64Array.from(schedule, ({ id }) => id)
      const progress = new ClusterProgress(ids, new Map(Array.from(clusters, (cluster, id) => [id, cluster])))
      const sequence = new DifferenceSequence(1)
      return schedule.some(({ id, lowest, highest }) => {
        const difference = { lowest: Float64Array.of(lowest), highest: Float64Array.of(highest) }
        const step = { itemIds: Float64Array.of(id), series: [], failed: difference }
        for (const one of progress.add(step)[0] ?? []) sequence.push(one.lowest, one.highest, one.weight)
        return sequence.side(0) !== null
      })
    })
    console.log(`all at once, ${JSON.stringify(shape)}: ${(100 * wrong).toFixed(2)} %`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications / 4))
  })
})
