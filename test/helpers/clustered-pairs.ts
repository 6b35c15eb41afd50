/** Pairs of two equally good systems, on items of which some belong together. */
import { clusterMoments } from '../../src/domain/statistics/clusters.ts'
import type { Verdict } from '../../src/domain/statistics/conclusion.ts'
import { compareMoments } from '../../src/domain/statistics/paired-comparison.ts'
import type { Pair } from '../../src/domain/statistics/paired-moments.ts'
import { decideVerdicts } from '../../src/domain/statistics/verdict.ts'
import type { Random } from '../simulations/data.ts'
import { measurePairs } from './reference-statistics.ts'

export interface ClusteredPairs {
  clusters: number
  size: number
  /** Of two differences of one cluster. */
  correlation: number
  binary: boolean
  /** Whether the items are treated as independent. */
  ignore?: boolean
}

export const clusterShapes = [
  { clusters: 20, size: 10, correlation: 0.3 },
  { clusters: 10, size: 50, correlation: 0.1 },
  { clusters: 40, size: 5, correlation: 0.3 },
  { clusters: 200, size: 2, correlation: 0.5 },
]

export function drawClusters(random: Random, { clusters, size, correlation, binary }: ClusteredPairs) {
  const [shared, own] = [Math.sqrt(correlation), Math.sqrt(1 - correlation)]
  const pairs: Pair[] = []
  const numbers: number[] = []
  for (let cluster = 0; cluster < clusters; cluster++) {
    const [luck, side] = [random.gaussian(), random() < 0.5 ? 1 : 0]
    for (let i = 0; i < size; i++) {
      numbers.push(cluster)
      if (!binary) pairs.push({ baseline: 0, candidate: shared * luck + own * random.gaussian() })
      else if (random() < 0.5) {
        const same = random.chance(0.5)
        pairs.push({ baseline: same, candidate: same })
      } else {
        // A change has the cluster's direction with the probability that gives this correlation of the differences.
        const gained = random() < 0.5 + Math.sqrt(correlation / 2) * (side === 1 ? 1 : -1) ? 1 : 0
        pairs.push({ baseline: 1 - gained, candidate: gained })
      }
    }
  }
  return { pairs, clusters: Int32Array.from(numbers) }
}

export function compareClusters(random: Random, data: ClusteredPairs): Verdict {
  const { pairs, clusters } = drawClusters(random, data)
  const differences = Float64Array.from(pairs, ({ baseline, candidate }) => candidate - baseline)
  const moments = { ...measurePairs(pairs), clusters: data.ignore ? null : clusterMoments(differences, clusters) }
  const [decision] = decideVerdicts([
    { figures: compareMoments(moments, 'HIGHER_IS_BETTER', {}, [...differences], 1), margin: 0 },
  ])
  return decision?.verdict ?? 'INCONCLUSIVE'
}
