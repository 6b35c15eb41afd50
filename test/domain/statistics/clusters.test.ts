import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clusterMoments, signFlipTest } from '../../../src/domain/statistics/clusters.ts'
import { testClustering } from '../../../src/domain/statistics/dependence.ts'
import { compareMoments } from '../../../src/domain/statistics/paired-comparison.ts'
import { compareClusters } from '../../helpers/clustered-pairs.ts'
import { measurePairs } from '../../helpers/reference-statistics.ts'
import { atMost, randomFrom, shareOf } from '../../simulations/data.ts'

interface Case extends Record<'se' | 'df' | 'icc' | 'deff' | 't' | 'flip', number> {
  d: number[]
  cluster: number[]
}

const cases: Case[] = JSON.parse(readFileSync(new URL('./r/clusters.json', import.meta.url), 'utf8'))

describe('clusters of items that belong together', () => {
  test.each(cases)('have the standard error, ICC and p values that R computes (case %#)', (given) => {
    const moments = clusterMoments(Float64Array.from(given.d), Int32Array.from(given.cluster))
    expect(moments.standardError).toBeCloseTo(given.se, 9)
    expect(moments.degreesOfFreedom).toBeCloseTo(given.df, 7)
    expect(moments.icc).toBeCloseTo(given.icc, 9)
    expect(moments.designEffect).toBeCloseTo(given.deff, 8)
    const isBinary = given.d.every(Number.isInteger)
    if (isBinary) expect(signFlipTest(moments.sums)).toBeCloseTo(given.flip, 9)
    const pairs = given.d.map((d) => ({ baseline: d < 0 ? 0 - d : 0, candidate: d < 0 ? 0 : d }))
    const figures = compareMoments({ ...measurePairs(pairs), clusters: moments }, 'HIGHER_IS_BETTER')
    expect(figures.method).toBe(isBinary ? 'CLUSTER_SIGN_FLIP' : 'CLUSTERED_T')
    expect(figures.pValue).toBeCloseTo(isBinary ? given.flip : given.t, 9)
  })

  test('of one item each are independent items', () => {
    const random = randomFrom(5)
    const pairs = Array.from({ length: 40 }, () => ({ baseline: random(), candidate: random() + 0.1 }))
    const moments = measurePairs(pairs)
    const differences = Float64Array.from(pairs, ({ baseline, candidate }) => candidate - baseline)
    const clusters = clusterMoments(
      differences,
      Int32Array.from(pairs, (_, index) => index),
    )
    const [alone, clustered] = [moments, { ...moments, clusters }].map((one) => compareMoments(one, 'HIGHER_IS_BETTER'))
    expect(clusters.degreesOfFreedom).toBeCloseTo(39, 9)
    expect(clustered?.pValue).toBeCloseTo(alone?.pValue ?? 0, 12)
    expect(clustered?.interval?.low).toBeCloseTo(alone?.interval?.low ?? 0, 12)
  })

  test('find a difference where there is none in 5 %, and in far more when they are ignored', () => {
    const random = randomFrom(21)
    const data = { clusters: 10, size: 50, correlation: 0.1, binary: false }
    const wrong = (ignore: boolean) =>
      shareOf(800, () => compareClusters(random, { ...data, ignore }) !== 'INCONCLUSIVE')
    expect(wrong(false)).toBeLessThanOrEqual(atMost(0.05, 800))
    expect(wrong(true)).toBeGreaterThan(0.3)
  })
})

describe('whether items that share something differ alike', () => {
  test('is as probable as over all ways to give the same differences to the items', () => {
    const clusters = Int32Array.from([0, 0, 0, 1, 1, 2, 2, 2, 3])
    for (const differences of [
      [3.1, 2.7, 1.2, -1.3, 0.2, -2.2, 0.4, -0.9, 9],
      [5.1, 4.5, 3.9, -1.2, 0.3, -4.4, -5.2, -3.6, 9],
    ]) {
      // The last item shares nothing.
      const own = differences.slice(0, 8)
      const mean = own.reduce((sum, one) => sum + one, 0) / 8
      const sums = [own.slice(0, 3), own.slice(3, 5), own.slice(5)]
      const between = (groups: readonly (readonly number[])[]) =>
        groups.reduce((sum, group) => sum + group.reduce((all, one) => all + one - mean, 0) ** 2 / group.length, 0)
      const observed = between(sums)
      let [far, all] = [0, 0]
      for (const order of permutations([...own.keys()])) {
        const given = order.map((item) => own[item] as number)
        all += 1
        if (between([given.slice(0, 3), given.slice(3, 5), given.slice(5)]) >= observed - 1e-9) far += 1
      }
      expect(all).toBe(40_320)
      expect(Math.abs((testClustering(Float64Array.from(differences), clusters) ?? 1) - far / all)).toBeLessThan(0.02)
    }
  })

  test('is not asked of items that share nothing, and not of equal ones', () => {
    expect(testClustering(Float64Array.from([1, 2, 3]), Int32Array.from([0, 1, 2]))).toBeNull()
    expect(testClustering(Float64Array.from([1, 1, 1, 1]), Int32Array.from([0, 0, 1, 1]))).toBeNull()
  })
})

function* permutations(items: readonly number[]): Generator<number[]> {
  if (items.length <= 1) yield [...items]
  for (const [index, item] of items.entries()) {
    if (items.length > 1) for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}
