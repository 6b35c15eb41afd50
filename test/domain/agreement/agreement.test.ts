/** Agreement statistics against other implementations (oracles/*.R, *.py have the commands), to 1e-6. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bradleyTerry, type PairedOutcome } from '../../../src/domain/agreement/bradley-terry.ts'
import { cohenKappa } from '../../../src/domain/agreement/cohen-kappa.ts'
import { confusionOf, ratesOf } from '../../../src/domain/agreement/confusion.ts'
import { krippendorffAlpha } from '../../../src/domain/agreement/krippendorff.ts'
import { predictionPoweredMean } from '../../../src/domain/agreement/prediction-powered.ts'
import { proportionOf } from '../../../src/domain/agreement/proportion.ts'
import { roganGladen } from '../../../src/domain/agreement/rogan-gladen.ts'
import { stableMoments } from '../../../src/domain/statistics/stable-moments.ts'

const oracle = (name: string) => JSON.parse(readFileSync(new URL(`oracles/${name}.json`, import.meta.url), 'utf8'))
const { kappas, alphas, games, clusters } = oracle('agreement')
const close = (expected: number) => expect.closeTo(expected, 6)

it.each(kappas as { counts: number[][]; [figure: string]: number | number[][] }[])('κ of vcd: $counts', (example) => {
  const figures = (name: string) => ({
    kappa: close(example[name] as number),
    standardError: close(example[`${name}Se`] as number),
  })
  expect(cohenKappa(example.counts)).toMatchObject(figures('kappa'))
  expect(cohenKappa(example.counts, 'LINEAR')).toMatchObject(figures('linear'))
  expect(cohenKappa(example.counts, 'QUADRATIC')).toMatchObject(figures('quadratic'))
})

it('κ is nothing where chance alone agrees always, and its interval stays within −1 and 1', () => {
  expect(
    cohenKappa([
      [20, 0],
      [0, 0],
    ]),
  ).toEqual({ kappa: null, standardError: null, interval: null, agreement: 1 })
  expect(
    cohenKappa([
      [0, 0],
      [0, 0],
    ]).agreement,
  ).toBeNull()
  expect(
    cohenKappa([
      [9, 1],
      [0, 3],
    ]).interval?.high,
  ).toBe(1)
})

it.each(alphas as { units: number[][]; nominal: number; ordinal: number; interval: number }[])(
  'α of irr, and of Krippendorff’s own example: nominal $nominal',
  ({ units, nominal, ordinal, interval }) => {
    expect(krippendorffAlpha(units, 'NOMINAL').alpha).toBeCloseTo(nominal, 6)
    expect(krippendorffAlpha(units, 'ORDINAL').alpha).toBeCloseTo(ordinal, 6)
    expect(krippendorffAlpha(units, 'INTERVAL').alpha).toBeCloseTo(interval, 6)
  },
)

it('α has an interval that contains it, the same each time, and none without pairs', () => {
  const [{ units }] = alphas
  const { alpha, interval } = krippendorffAlpha(units, 'NOMINAL')
  expect(interval?.low).toBeLessThan(alpha as number)
  expect(interval?.high).toBeGreaterThan(alpha as number)
  expect(krippendorffAlpha(units, 'NOMINAL').interval).toEqual(interval)
  expect(krippendorffAlpha([[1], [2]], 'NOMINAL')).toEqual({ alpha: null, interval: null, units: 0, values: 0 })
  expect(
    krippendorffAlpha(
      [
        [1, 1],
        [1, 1],
      ],
      'NOMINAL',
    ).alpha,
  ).toBeNull()
})

const moments = (values: readonly number[]) => {
  const { mean, stddev } = stableMoments(values)
  return { count: values.length, mean, variance: (stddev ** 2 * (values.length - 1)) / values.length }
}

interface PoweredCase {
  human: number[]
  judge: number[]
  unlabelled: number[]
  weights: number[] | null
  mean: number
  untuned: number
  standardError: number
}

it.each(oracle('prediction-powered') as PoweredCase[])('PPI++ of its authors: $mean', (example) => {
  const labelled = example.human.map((human, n) => ({
    human,
    judge: example.judge[n] as number,
    weight: example.weights?.[n] ?? 1,
  }))
  const found = predictionPoweredMean(labelled, moments(example.unlabelled))
  expect(found).toMatchObject({ mean: close(example.mean), standardError: close(example.standardError) })
  expect(predictionPoweredMean(labelled, moments(example.unlabelled), 1)?.mean).toBeCloseTo(example.untuned, 6)
})

it('PPI++ with all items labelled is the mean of the labels, and with one it is nothing', () => {
  const labelled = [0, 1, 1, 1].map((human) => ({ human, judge: 0 }))
  expect(predictionPoweredMean(labelled, { count: 0, mean: null, variance: null })).toMatchObject({
    mean: 0.75,
    lambda: 0,
  })
  expect(predictionPoweredMean(labelled.slice(1, 2), moments([1, 0]))).toBeNull()
})

it.each(games as { wins: number[][]; strengths: number[]; se: number[] }[])(
  'Bradley–Terry of the documentation of BradleyTerry2: $strengths',
  ({ wins, strengths, se }) => {
    const outcomes = wins.flatMap(([first = 0, second = 0, won = 0, lost = 0]): PairedOutcome[] =>
      [1, 0].flatMap((outcome) => Array.from({ length: outcome ? won : lost }, () => ({ first, second, outcome }))),
    )
    const found = bradleyTerry(outcomes, strengths.length)
    expect(found?.map(({ strength }) => strength)).toEqual(strengths.map(close))
    // Errors that do not assume the model are close to those that do.
    const ratios = se.slice(1).map((error, n) => (found?.[n + 1]?.standardError ?? 0) / error)
    expect(ratios.every((ratio) => ratio > 0.5 && ratio < 1.5)).toBe(true)
  },
)

it('Bradley–Terry has the clustered errors of sandwich', () => {
  const { first, second, win, item, strengths, se } = clusters as Record<string, number[]>
  const outcomes = (win ?? []).map((outcome, n) => ({
    first: first?.[n] as number,
    second: second?.[n] as number,
    outcome,
    cluster: item?.[n] as number,
  }))
  const found = bradleyTerry(outcomes, 4)
  expect(found?.map(({ strength }) => strength)).toEqual(strengths?.map(close))
  expect(found?.map(({ standardError }) => standardError)).toEqual(se?.map(close))
})

it('Bradley–Terry counts a tie as half a win of both, and is nothing where no maximum exists', () => {
  const tie = { first: 0, second: 1, outcome: 0.5 }
  expect(bradleyTerry([tie, tie], 2)).toMatchObject([
    { strength: 0, winRate: 0.5 },
    { strength: 0, winRate: 0.5 },
  ])
  const halves = [{ ...tie, outcome: 1 }, { ...tie, outcome: 0 }, tie]
  expect(bradleyTerry(halves, 2)?.[1]?.strength).toBeCloseTo(0, 9)
  expect(bradleyTerry([{ ...tie, outcome: 1 }], 2)).toBeNull()
  expect(bradleyTerry([tie], 3)).toBeNull()
})

it('a share has Wilson’s interval', () => {
  // Newcombe (1998), table 1: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const intervals = [
    [81, 263],
    [15, 148],
    [0, 20],
    [1, 29],
  ].map(([of = 0, n = 0]) => proportionOf(of, n).interval)
  const rounded = intervals.map((interval) => [interval?.low.toFixed(4), interval?.high.toFixed(4)])
  expect(rounded).toEqual([
    ['0.2553', '0.3662'],
    ['0.0624', '0.1605'],
    ['0.0000', '0.1611'],
    ['0.0061', '0.1718'],
  ])
  expect(proportionOf(0, 0)).toMatchObject({ value: null, interval: null })
})

it('a confusion matrix has people in its rows, and rates of what they call positive and negative', () => {
  const pairs = [
    ...Array.from({ length: 8 }, () => ({ human: 'yes', judge: 'yes' })),
    ...Array.from({ length: 2 }, () => ({ human: 'yes', judge: 'no' })),
    { human: 'no', judge: 'no' },
    { human: 'no', judge: 'perhaps' },
  ]
  expect(confusionOf(pairs, ['no', 'yes'])).toEqual({
    labels: ['no', 'yes', 'perhaps'],
    counts: [
      [1, 0, 1],
      [2, 8, 0],
      [0, 0, 0],
    ],
  })
  const rates = ratesOf(pairs.map(({ human, judge }) => ({ human: human === 'yes', judge: judge === 'yes' })))
  expect(rates).toMatchObject({ truePositive: { value: 0.8, count: 10 }, trueNegative: { value: 1, count: 2 } })
})

it('Rogan–Gladen corrects a share by the rates of the judge', () => {
  const labels = { positiveLabels: 50, truePositive: 45, negativeLabels: 50, trueNegative: 40 }
  const found = roganGladen({ count: 1_000, positive: 410, ...labels })
  expect(found?.mean).toBeCloseTo((0.41 + 0.8 - 1) / (0.9 + 0.8 - 1), 12)
  expect(found?.interval.low).toBeLessThan(0.3)
  expect(found?.interval.high).toBeGreaterThan(0.3)
  expect(roganGladen({ count: 1_000, positive: 0, ...labels })).toMatchObject({ mean: 0, interval: { low: 0 } })
  expect(roganGladen({ count: 10, positive: 5, ...labels, truePositive: 10 })).toBeNull()
  expect(roganGladen({ count: 10, positive: 5, ...labels, positiveLabels: 0 })).toBeNull()
})
