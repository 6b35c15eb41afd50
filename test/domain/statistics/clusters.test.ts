import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clusterMoments, signFlipTest } from '../../../src/domain/statistics/clusters.ts'
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
