/** Groups, ranks, ratios, single runs and warnings about items that are all alike say so in at most 5 %. */
import { describe, expect, test } from 'vitest'
import { optimismOfBest, rankSets } from '../../src/domain/statistics/best-of-several.ts'
import { clusterMoments } from '../../src/domain/statistics/clusters.ts'
import { testInteraction } from '../../src/domain/statistics/interaction.ts'
import { meanInterval } from '../../src/domain/statistics/mean-interval.ts'
import { compareRatios } from '../../src/domain/statistics/ratio.ts'
import { simultaneousInterval } from '../../src/domain/statistics/simultaneous-interval.ts'
import { stableMoments } from '../../src/domain/statistics/stable-moments.ts'
import { compareMetric, measurePairs } from '../helpers/reference-statistics.ts'
import { atMost, type Random, randomFrom, shareOf } from './data.ts'

const replications = 20_000

function twentyOf(value: number): number[] {
  return Array.from({ length: 20 }, () => value)
}

function groupsOf(sizes: readonly number[]): { items: number[] }[] {
  let next = 0
  return sizes.map((size) => ({ items: Array.from({ length: size }, () => next++) }))
}

describe('groups between which nothing differs', () => {
  test.each([
    { sizes: [20, 20, 20], spreads: [1, 1, 1] },
    { sizes: [10, 100, 40], spreads: [3, 1, 0.5] },
    { sizes: [6, 30], spreads: [2, 1] },
    { sizes: [3, 40, 40], spreads: [1, 1, 1] },
    { sizes: [5, 5, 5, 200], spreads: [4, 2, 1, 1] },
    { sizes: twentyOf(10), spreads: twentyOf(1) },
  ])('graded, $sizes items with spreads $spreads', ({ sizes, spreads }) => {
    const random = randomFrom(52)
    const groups = groupsOf(sizes)
    const wrong = shareOf(replications, () => {
      const differences = Float64Array.from(
        sizes.flatMap((size, group) =>
          Array.from({ length: size }, () => random.gaussian() * (spreads[group] as number)),
        ),
      )
      return (testInteraction(differences, groups, null, false).pValue ?? 1) <= 0.05
    })
    console.log(`groups, graded, ${sizes}: ${(100 * wrong).toFixed(2)} % wrong`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })

  test.each([
    { name: 'large', tags: [range(0, 60), range(40, 100), range(80, 120)] },
    { name: 'small', tags: [range(0, 100), range(60, 120), range(96, 102)] },
  ])('overlapping tags, $name ones', ({ name, tags }) => {
    const random = randomFrom(53)
    const groups = tags.map((items) => ({ items }))
    const wrong = shareOf(replications, () => {
      const differences = Float64Array.from({ length: 120 }, () => random.gaussian())
      return (testInteraction(differences, groups, null, false).pValue ?? 1) <= 0.05
    })
    console.log(`overlapping tags, ${name}: ${(100 * wrong).toFixed(2)} % wrong`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })

  test('clusters within groups', () => {
    const random = randomFrom(53)
    const clusters = Int32Array.from({ length: 120 }, (_, item) => Math.floor(item / 6))
    const groups = groupsOf([60, 60])
    const wrong = shareOf(replications, () => {
      const luck = Array.from({ length: 20 }, () => random.gaussian())
      const differences = Float64Array.from(clusters, (cluster) => (luck[cluster] as number) + random.gaussian())
      return (testInteraction(differences, groups, clusters, false).pValue ?? 1) <= 0.05
    })
    console.log(`clusters within groups: ${(100 * wrong).toFixed(2)} % wrong`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })

  const changed = [
    { sizes: [20, 20, 30, 100, 30], shares: [0.05, 0.05, 0.05, 0.05, 0.05] },
    { sizes: [20, 20, 30, 100, 30], shares: [0.2, 0.2, 0.2, 0.2, 0.2] },
    { sizes: [20, 200, 20], shares: [0.4, 0.05, 0.1] },
    { sizes: [50, 50], shares: [0.3, 0.02] },
    { sizes: [8, 8], shares: [0.5, 0.5] },
    { sizes: [5, 5, 5, 5, 200], shares: [0.1, 0.1, 0.1, 0.1, 0.1] },
    { sizes: twentyOf(10), shares: twentyOf(0.9) },
  ]
  test.each(changed)('yes and no, $sizes items of which $shares change', ({ sizes, shares }) => {
    const random = randomFrom(51)
    const groups = groupsOf(sizes)
    const wrong = shareOf(replications, () => {
      const differences = Float64Array.from(
        sizes.flatMap((size, group) =>
          Array.from({ length: size }, () => {
            const u = random()
            const share = shares[group] as number
            return u < share / 2 ? 1 : u < share ? -1 : 0
          }),
        ),
      )
      return (testInteraction(differences, groups, null, true).pValue ?? 1) <= 0.05
    })
    console.log(`groups, yes and no, ${sizes}: ${(100 * wrong).toFixed(2)} % wrong`)
    expect(wrong).toBeLessThanOrEqual(atMost(0.05, replications))
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Equally good runs: items that are hard for one are hard for all. */
function equalRuns(random: Random, runs: number, items: number): Float64Array[] {
  const difficulty = Array.from({ length: items }, () => random())
  return Array.from({ length: runs }, () => Float64Array.from(difficulty, (p) => random.chance(p)))
}

describe('the best of several equal runs', () => {
  test.each([3, 6])('of %d is not told from the others in 95 of 100, and all their intervals are right', (runs) => {
    const random = randomFrom(54)
    let [toldApart, missed] = [0, 0]
    for (let i = 0; i < replications; i++) {
      const values = equalRuns(random, runs, 100)
      const pairsOf = (one: number, other: number) =>
        Array.from(values[one] as Float64Array, (candidate, item) => ({
          candidate,
          baseline: values[other]?.[item] as number,
        }))
      const sets = rankSets(
        runs,
        (one, other) => compareMetric(pairsOf(one, other), 'HIGHER_IS_BETTER'),
        'HIGHER_IS_BETTER',
      )
      if (sets.some(({ from, to }) => from > 1 || to < runs)) toldApart += 1
      const isMissed = range(1, runs).some((run) => {
        const pairs = pairsOf(run, 0)
        const interval = simultaneousInterval(compareMetric(pairs, 'HIGHER_IS_BETTER'), measurePairs(pairs), runs - 1)
        return interval !== null && (interval.low > 0 || interval.high < 0)
      })
      if (isMissed) missed += 1
    }
    expect(toldApart / replications).toBeLessThanOrEqual(atMost(0.05, replications))
    expect(missed / replications).toBeLessThanOrEqual(atMost(0.05, replications))
  })

  test('looks as much too good as it says, on average', () => {
    const random = randomFrom(55)
    const rounds = 2_000
    let [said, true_] = [0, 0]
    for (let i = 0; i < rounds; i++) {
      const values = equalRuns(random, 3, 200)
      said += optimismOfBest(values, null) ?? 0
      true_ += Math.max(...values.map((own) => own.reduce((sum, value) => sum + value, 0) / 200)) - 0.5
    }
    // 0 at least: it cannot say that the best looks too bad.
    expect(said / true_).toBeGreaterThan(0.9)
    expect(said / true_).toBeLessThan(1.25)
  })
})

test.each([
  { items: 50, success: 0.6 },
  { items: 200, success: 0.6 },
  { items: 200, success: 0.05 },
  { items: 20, success: 0.5 },
])(
  'the interval of a ratio of costs per success is right in 94.5 % at least: $items items, a share of $success succeeds',
  (shape) => {
    const random = randomFrom(56)
    const { items, success } = shape
    const covered = shareOf(replications, () => {
      const rows = Array.from({ length: items }, () => {
        const [length, ease] = [0.5 + random(), 0.8 + 0.4 * random()]
        return [
          length * (0.8 + 0.4 * random()),
          random.chance(success * ease),
          0.7 * length * (0.8 + 0.4 * random()),
          random.chance(success * ease),
        ]
      })
      const column = (place: number) => Float64Array.from(rows, (row) => row[place] as number)
      const { interval, relative } = compareRatios({
        ...{ baselineTop: column(0), baselineBottom: column(1), candidateTop: column(2), candidateBottom: column(3) },
        clusters: null,
      })
      // Without a success there is no ratio, and nothing is claimed.
      return relative === null || (interval !== null && interval.low <= 0.7 && 0.7 <= interval.high)
    })
    console.log(`ratio, ${JSON.stringify(shape)}: covered in ${(100 * covered).toFixed(2)} %`)
    expect(covered).toBeGreaterThanOrEqual(0.945)
  },
)

describe('the interval of one run', () => {
  test.each([
    { items: 20, p: 0.5 },
    { items: 50, p: 0.9 },
    { items: 200, p: 0.97 },
  ])('of $items yes and no, $p of them yes, is right in 93.5 % at least', ({ items, p }) => {
    const random = randomFrom(57)
    const covered = shareOf(replications, () => {
      const values = Float64Array.from({ length: items }, () => random.chance(p))
      return contains(values, null, true, p)
    })
    expect(covered, `coverage ${covered}`).toBeGreaterThanOrEqual(0.935)
  })

  test.each([true, false])('of 20 clusters of 10, binary %s, is right in 93.5 of 100 at least', (binary) => {
    const random = randomFrom(58)
    const clusters = Int32Array.from({ length: 200 }, (_, item) => Math.floor(item / 10))
    const covered = shareOf(replications, () => {
      const luck = Array.from({ length: 20 }, () => (random() + random()) / 2)
      const values = Float64Array.from(clusters, (cluster) =>
        binary ? random.chance(luck[cluster] as number) : (luck[cluster] as number) + 0.2 * random.gaussian(),
      )
      return contains(values, clusters, binary, 0.5)
    })
    expect(covered, `coverage ${covered}`).toBeGreaterThanOrEqual(0.935)
  })
})

function contains(values: Float64Array, clusters: Int32Array | null, binary: boolean, truth: number): boolean {
  const { mean, stddev } = stableMoments(values)
  const interval = meanInterval({
    ...{ items: values.length, mean, stddev, binary, lowest: binary ? 0 : null, highest: binary ? 1 : null },
    clusters: clusters && clusterMoments(values, clusters),
  })
  return interval !== null && interval.low <= truth && truth <= interval.high
}
