import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { optimismOfBest, rankSets } from '../../../src/domain/statistics/best-of-several.ts'
import { clusterMoments } from '../../../src/domain/statistics/clusters.ts'
import { chiSquareUpperTail, fUpperTail } from '../../../src/domain/statistics/f-distribution.ts'
import { testInteraction } from '../../../src/domain/statistics/interaction.ts'
import { mcNemarPower, pairsForMcNemar } from '../../../src/domain/statistics/mcnemar-power.ts'
import { meanInterval, wilsonInterval } from '../../../src/domain/statistics/mean-interval.ts'
import { passAtLeastOnce, passEveryTime } from '../../../src/domain/statistics/pass-at.ts'
import { compareRatios } from '../../../src/domain/statistics/ratio.ts'
import { stableMoments } from '../../../src/domain/statistics/stable-moments.ts'
import { stuartMaxwell } from '../../../src/domain/statistics/stuart-maxwell.ts'

interface Oracle {
  f: Record<'f' | 'd1' | 'd2' | 'p', number>[]
  chi: Record<'x' | 'df' | 'p', number>[]
  wilson: Record<'successes' | 'n' | 'low' | 'high', number>[]
  clustered: { y: number[]; cluster: number[]; low: number; high: number }
  stuart: { counts: number[][]; statistic: number; df: number; p: number }[]
  welch: { d: number[]; group: number[]; p: number }
  small: { d: number[]; group: number[]; p: number }
  three: { d: number[]; group: number[]; p: number }
  hotelling: { d: number[]; a: number[]; b: number[]; p: number }
  ratio: Record<'t0' | 'b0' | 't1' | 'b1', number[]> &
    Record<'baseline' | 'candidate' | 'relative' | 'low' | 'high' | 'p', number>
  pass: Record<'n' | 'c' | 'k' | 'one' | 'every', number>[]
  power: Record<'n' | 'gain' | 'loss' | 'level' | 'power', number>[]
  optimism: { values: number[][]; optimism: number; sd: number }
}

const r: Oracle = JSON.parse(readFileSync(new URL('./r/groups-and-labels.json', import.meta.url), 'utf8'))

/** The items of each group. */
function groupsOf(group: readonly number[]): { items: number[] }[] {
  const numbers = [...new Set(group)].sort((a, b) => a - b)
  return numbers.map((one) => ({ items: group.flatMap((own, item) => (own === one ? [item] : [])) }))
}

describe('what R computes, to nine digits', () => {
  test.each(r.f)('the upper tail of F($d1, $d2) at $f', ({ f, d1, d2, p }) => {
    expect(fUpperTail(f, d1, d2) / p).toBeCloseTo(1, 9)
  })

  test.each(r.chi)('the upper tail of χ² with $df degrees of freedom at $x', ({ x, df, p }) => {
    expect(chiSquareUpperTail(x, df) / p).toBeCloseTo(1, 9)
  })

  test.each(r.wilson)('the interval of $successes of $n', ({ successes, n, low, high }) => {
    expect(wilsonInterval(successes / n, n).low).toBeCloseTo(low, 9)
    expect(wilsonInterval(successes / n, n).high).toBeCloseTo(high, 9)
  })

  test('the interval of a share of items that belong together', () => {
    const { y, cluster, low, high } = r.clustered
    const { mean, stddev } = stableMoments(y)
    const clusters = clusterMoments(Float64Array.from(y), Int32Array.from(cluster))
    const interval = meanInterval({ items: y.length, mean, stddev, binary: true, lowest: 0, highest: 1, clusters })
    expect(interval?.low).toBeCloseTo(low, 8)
    expect(interval?.high).toBeCloseTo(high, 8)
  })

  test.each(r.stuart)('the shift of the labels of $counts', ({ counts, statistic, df, p }) => {
    expect(stuartMaxwell(counts)).toMatchObject({
      statistic: expect.closeTo(statistic, 9),
      degreesOfFreedom: df,
      pValue: expect.closeTo(p, 9),
    })
  })

  test('whether groups differ, apart and overlapping', () => {
    const { d, group, p } = r.welch
    expect(testInteraction(Float64Array.from(d), groupsOf(group), null, false)).toEqual({
      pValue: expect.closeTo(p, 9),
      groups: 4,
    })
    const overlapping = [{ items: r.hotelling.a }, { items: r.hotelling.b }]
    const tested = testInteraction(Float64Array.from(r.hotelling.d), overlapping, null, false)
    expect(tested.pValue).toBeCloseTo(r.hotelling.p, 9)
  })

  test.each([r.small, r.three])('whether small groups differ, by 20,000 draws', ({ d, group, p }) => {
    const { pValue } = testInteraction(Float64Array.from(d), groupsOf(group), null, false)
    expect(p).toBeLessThan(0.3)
    expect(Math.abs((pValue ?? 1) / p - 1)).toBeLessThan(4 * Math.sqrt((1 - p) / Math.min(1_000, 20_000 * p)))
  })

  test('a ratio of ratios', () => {
    const { t0, b0, t1, b1, low, high, p, baseline, candidate, relative } = r.ratio
    const columns = {
      baselineTop: Float64Array.from(t0),
      baselineBottom: Float64Array.from(b0),
      candidateTop: Float64Array.from(t1),
      candidateBottom: Float64Array.from(b1),
    }
    const figures = compareRatios({ ...columns, clusters: null })
    expect(figures.baseline).toBeCloseTo(baseline, 12)
    expect(figures.candidate).toBeCloseTo(candidate, 12)
    expect(figures.relative).toBeCloseTo(relative, 12)
    expect(figures.interval?.low).toBeCloseTo(low, 9)
    expect(figures.interval?.high).toBeCloseTo(high, 9)
    expect(figures.pValue).toBeCloseTo(p, 9)
    // Clusters of one item are independent items.
    const alone = compareRatios({ ...columns, clusters: Int32Array.from(t0, (_, item) => item) })
    expect(alone.pValue).toBeCloseTo(p, 9)
  })

  test.each(r.pass)('pass@$k and pass^$k of $c successes in $n tries', ({ n, c, k, one, every }) => {
    expect(passAtLeastOnce(n, c, k)).toBeCloseTo(one, 10)
    expect(passEveryTime(n, c, k)).toBeCloseTo(every, 10)
  })

  test.each(r.power)(
    'the power of the exact test of $n pairs, gains $gain, losses $loss',
    ({ n, gain, loss, level, power }) => {
      expect(mcNemarPower(n, gain, loss, level)).toBeCloseTo(power, 8)
    },
  )

  test('by how much the best of three looks too good, of random halves instead of all', () => {
    const values = r.optimism.values.map((row) => Float64Array.from(row))
    const error = r.optimism.sd / Math.sqrt(4_000)
    expect(Math.abs((optimismOfBest(values, null) ?? 0) - r.optimism.optimism)).toBeLessThan(4 * error)
  })
})

describe('items that a test needs', () => {
  // Gains and losses, and the pairs with which the exact test has a power of 80 %.
  test.each([
    [0.05, 0, 158],
    [0.15, 0.05, 170],
    [0.35, 0.15, 102],
    [0.3, 0.2, 408],
  ])('gains %d, losses %d: %d pairs', (gain, loss, pairs) => {
    const found = pairsForMcNemar(gain, loss, 0.05, 0.8, 1e6) ?? 0
    // The power of a discrete test goes up and down.
    expect(Math.abs(found - pairs) / pairs).toBeLessThan(0.03)
    expect(pairsForMcNemar(loss, gain, 0.05, 0.8, 1e6)).toBe(found)
  })
})

describe('several runs', () => {
  test('may have any place until the differences are shown, and whoever is shown better goes before', () => {
    const shown = (one: number, other: number) => ({
      delta: other - one,
      pValue: Math.abs(one - other) > 1 ? 0.001 : 0.5,
    })
    expect(rankSets(3, shown, 'HIGHER_IS_BETTER')).toEqual([
      { from: 1, to: 2 },
      { from: 1, to: 3 },
      { from: 2, to: 3 },
    ])
    expect(rankSets(3, shown, 'LOWER_IS_BETTER')[0]).toEqual({ from: 2, to: 3 })
  })

  test('of which one is far better look no better than they are', () => {
    const values = [0.9, 0.1].map((mean) => Float64Array.from({ length: 100 }, (_, i) => mean + (i % 7) / 100))
    expect(optimismOfBest(values, null)).toBeLessThan(1e-3)
    expect(optimismOfBest(values.slice(0, 1), null)).toBeNull()
    expect(optimismOfBest(values, new Int32Array(100))).toBeNull()
  })
})

describe('groups', () => {
  test('in which nothing changed are not taken for certain', () => {
    const differences = Float64Array.from([0, 0, 0, 0, 1, 0, 0, 0, 1, 0])
    const groups = [{ items: [0, 1, 2, 3] }, { items: [4, 5, 6, 7, 8, 9] }]
    const { pValue } = testInteraction(differences, groups, null, true)
    expect(pValue).toBeGreaterThan(0.2)
  })

  test('of the same items cannot be told apart, and one group is none', () => {
    const differences = Float64Array.from({ length: 10 }, (_, i) => i % 3)
    const items = [...differences.keys()]
    expect(testInteraction(differences, [{ items }, { items }], null, false).pValue).toBeNull()
    expect(testInteraction(differences, [{ items }], null, false)).toEqual({ pValue: null, groups: 1 })
  })

  test('whose clusters are single items are as those without clusters', () => {
    const { d, group, p } = r.welch
    const groups = [0, 1, 2, 3].map((one) => ({ items: group.flatMap((own, item) => (own === one ? [item] : [])) }))
    const clusters = Int32Array.from(d, (_, item) => item)
    expect(testInteraction(Float64Array.from(d), groups, clusters, false).pValue).toBeCloseTo(p, 8)
  })
})

test('means without a spread, and of few items, are not certain', () => {
  const all = { items: 20, mean: 1, stddev: 0, binary: true, lowest: 0, highest: 1, clusters: null }
  expect(meanInterval(all)).toEqual(wilsonInterval(1, 20))
  const graded = { ...all, mean: 0.5, binary: false }
  expect(meanInterval(graded)?.low).toBeCloseTo(0.5 - (1 - 0.025 ** (1 / 20)) * 0.5, 12)
  expect(meanInterval({ ...graded, lowest: null, highest: null })).toBeNull()
  expect(meanInterval({ ...graded, items: 0 })).toBeNull()
  expect(meanInterval({ ...graded, items: 2, stddev: 0.3, mean: 0.9 })).toMatchObject({ low: 0, high: 1 })
})
