/**
 * Between systems that are equally good nobody wins in more than 5 % of comparisons although everything goes wrong at
 * once: items belong together, failures and completion order depend on the outcome, somebody looks after every item and
 * would stop, and the dataset is finite.
 */
import { describe, expect, test } from 'vitest'
import { clusterMoments } from '../../src/domain/statistics/clusters.ts'
import { DifferenceSequence } from '../../src/domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../src/domain/statistics/finite-sequence.ts'
import { compareMoments } from '../../src/domain/statistics/paired-comparison.ts'
import { decideVerdicts } from '../../src/domain/statistics/verdict.ts'
import { ClusterProgress } from '../../src/engine/comparison/cluster-progress.ts'
import { clusterShapes, drawClusters } from '../helpers/clustered-pairs.ts'
import { measurePairs } from '../helpers/reference-statistics.ts'
import { atMost, type Random, randomFrom, shareOf } from './data.ts'

const replications = 20_000

interface Item {
  id: number
  baseline: number
  candidate: number
  cluster: number
  /** The candidate fails here instead of being wrong. */
  failed: boolean
}

const lowest = ({ candidate, baseline }: Item) => candidate - baseline
const highest = ({ candidate, baseline, failed }: Item) => (failed ? 1 : candidate) - baseline

const independent = { clusters: 300, size: 1, correlation: 0 }
const shapes = [...clusterShapes, independent].flatMap((shape) =>
  [0, 0.1, 0.25].map((failing) => ({ ...shape, failing })),
)
type Shape = (typeof shapes)[number]

function drawItems(random: Random, shape: Shape): Item[] {
  const { pairs, clusters } = drawClusters(random, { ...shape, binary: true })
  return pairs.map(({ baseline, candidate }, id) => ({
    ...{ id, baseline, candidate, cluster: clusters[id] as number },
    failed: candidate === 0 && random() < shape.failing,
  }))
}

/** With the first half of the clusters once more, and who was right exchanged: both are right equally often. */
function drawBalanced(random: Random, { clusters, ...shape }: Shape): Item[] {
  const { pairs, clusters: own } = drawClusters(random, { ...shape, clusters: clusters / 2, binary: true })
  const mirrored = pairs.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline }))
  return [...pairs, ...mirrored].map((pair, id) => ({
    ...{ ...pair, id, cluster: (own[id % pairs.length] as number) + (id < pairs.length ? 0 : clusters / 2) },
    failed: pair.candidate === 0 && random() < shape.failing,
  }))
}

/**
 * The items in the order of a schedule. Where the candidate is wrong it takes far longer, and what comes before one that
 * is not done is held back. @param look is called whenever something was added: whether there is a winner
 */
function follow(random: Random, items: readonly Item[], add: (item: Item) => void, look: () => boolean): boolean {
  const schedule = random.shuffle(items)
  const concurrency = 10
  const doneAt = Float64Array.from(
    schedule,
    ({ candidate }, place) => Math.floor(place / concurrency) + (candidate === 0 ? 8 : 1) * random(),
  )
  const order = Int32Array.from(schedule, (_, place) => place)
  order.sort((a, b) => (doneAt[a] as number) - (doneAt[b] as number))
  const done = new Uint8Array(schedule.length)
  let next = 0
  return order.some((place) => {
    done[place] = 1
    const before = next
    while (done[next]) add(schedule[next++] as Item)
    return next > before && look()
  })
}

function expectFewWinners(shape: Shape, question: string, hasWinner: () => boolean): void {
  const wrong = shareOf(replications, hasWinner)
  console.log(`all at once, ${question}, ${JSON.stringify(shape)}: ${(100 * wrong).toFixed(2)} % wrong`)
  expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
}

describe.each(shapes)('$clusters clusters of $size, ρ $correlation, $failing of the wrong answers fail', (shape) => {
  test('on items like these', () => {
    const random = randomFrom(61)
    expectFewWinners(shape, 'on items like these', () => {
      const items = drawItems(random, shape)
      const ids = Float64Array.from(items, ({ id }) => id)
      const progress = new ClusterProgress(ids, new Map(items.map(({ id, cluster }) => [id, cluster])))
      const sequence = new DifferenceSequence(1, { binary: shape.size === 1, hasBounds: false })
      const add = (item: Item) => {
        if (shape.size === 1) return sequence.push(lowest(item), highest(item))
        const failed = { lowest: Float64Array.of(lowest(item)), highest: Float64Array.of(highest(item)) }
        const [completed] = progress.add({ itemIds: Float64Array.of(item.id), series: [], failed })
        for (const one of completed ?? []) sequence.push(one.lowest, one.highest, one.weight)
      }
      return follow(random, items, add, () => sequence.side(0) !== null)
    })
  })

  test('on exactly these items', () => {
    const random = randomFrom(62)
    expectFewWinners(shape, 'on exactly these items', () => {
      const items = drawBalanced(random, shape)
      const sequence = new FiniteSequence(1, items.length, 0, false)
      const add = (item: Item) => sequence.push(lowest(item), highest(item))
      return follow(random, items, add, () => sequence.side(0) !== null)
    })
  })

  test('at the end', () => {
    const random = randomFrom(63)
    expectFewWinners(shape, 'at the end', () => {
      const items = drawItems(random, shape)
      const own = momentsOf(items.filter(({ failed }) => !failed))
      const figures = compareMoments(own, 'HIGHER_IS_BETTER', lackingOf(items), null, 1)
      const [decision] = decideVerdicts([{ figures, margin: 0 }])
      return decision?.verdict === 'IMPROVED' || decision?.verdict === 'REGRESSED'
    })
  })
})

function momentsOf(items: readonly Item[], candidateOf = ({ candidate }: Item) => candidate) {
  const pairs = items.map((item) => ({ baseline: item.baseline, candidate: candidateOf(item) }))
  const differences = Float64Array.from(pairs, ({ baseline, candidate }) => candidate - baseline)
  const clusters = clusterMoments(
    differences,
    Int32Array.from(items, ({ cluster }) => cluster),
  )
  return { ...measurePairs(pairs), clusters }
}

function lackingOf(items: readonly Item[]) {
  const lacking = items.filter(({ failed }) => failed).length
  if (lacking === 0) return {}
  const extremes = { lowest: momentsOf(items), highest: momentsOf(items, (item) => (item.failed ? 1 : item.candidate)) }
  return { missing: lacking, lacking, extremes }
}
