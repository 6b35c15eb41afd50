/** Figures of labels that stand for different numbers of outputs, against numpy (oracles/weighted.py), to 1e-6. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type DrawnLabel, inverseProbabilityMean } from '../../../src/domain/agreement/inverse-probability.ts'
import { judgeFigures } from '../../../src/domain/agreement/judge-figures.ts'
import { peopleFigures } from '../../../src/domain/agreement/people-figures.ts'
import { predictionPoweredMean } from '../../../src/domain/agreement/prediction-powered.ts'
import { studentQuantile } from '../../../src/domain/statistics/student-t.ts'

const { means, figures, binary } = JSON.parse(readFileSync(new URL('oracles/weighted.json', import.meta.url), 'utf8'))
const close = (expected: number) => expect.closeTo(expected, 6)

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { count: values.length, mean, variance }
}

interface Case {
  labelled: DrawnLabel[]
  unlabelled: number[]
  tuned: Record<string, number>
  untuned: Record<string, number>
}

it.each((means as Case[]).map((one, index) => [index, one] as const))(
  'a mean of labels that were drawn with unequal probabilities: case %i',
  (_index, { labelled, unlabelled, tuned, untuned }) => {
    const rest = moments(unlabelled)
    const closeTo = (figures: Record<string, number>) =>
      Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, close(value)]))
    expect(inverseProbabilityMean(labelled, rest)).toMatchObject(closeTo(tuned))
    expect(inverseProbabilityMean(labelled, rest, 1)).toMatchObject(closeTo(untuned))
  },
)

it('with equal probabilities it is the mean that is corrected without them, but for rounding of the variance', () => {
  const { labelled, unlabelled } = (means as Case[])[2] as Case
  const [weighted, plain] = [
    inverseProbabilityMean(labelled, moments(unlabelled), 0),
    predictionPoweredMean(labelled, moments(unlabelled), 0),
  ]
  expect(weighted?.mean).toBeCloseTo(plain?.mean as number, 9)
  expect(weighted?.standardError).toBeCloseTo(plain?.standardError as number, 9)
  expect(inverseProbabilityMean([], moments([1]))).toBeNull()
})

it('bias, correlation and slope of a judge are weighted', () => {
  const { judge, person, bytes, weight, effective } = figures
  const items = judge.map((value: number, n: number) => ({
    judge: { value, label: null },
    people: [{ value: person[n], label: null }],
    ...{ weight: weight[n], outputBytes: bytes[n], tags: [] },
  }))
  const found = judgeFigures(items, 'NUMERIC')
  const half = (error: number, degrees: number) => studentQuantile(0.975, degrees) * error
  expect(found.bias?.value).toBeCloseTo(figures.bias, 6)
  expect((found.bias?.interval.high ?? 0) - (found.bias?.value ?? 0)).toBeCloseTo(
    half(figures.biasError, effective - 1),
    6,
  )
  expect(found.lengthSlope?.value).toBeCloseTo(figures.slope, 6)
  expect((found.lengthSlope?.interval.high ?? 0) - (found.lengthSlope?.value ?? 0)).toBeCloseTo(
    half(figures.slopeError, judge.length - 2),
    6,
  )
  expect(found.correlation).toBeCloseTo(figures.correlation, 6)
})

it('rates and κ of a judge are weighted, and counts are not', () => {
  const { yes, said, rate, interval, kappa } = binary
  const items = yes.map((human: boolean, n: number) => ({
    judge: { value: Number(said[n]), label: null },
    people: [{ value: Number(human), label: null }],
    ...{ weight: figures.weight[n], outputBytes: null, tags: [] },
  }))
  const found = judgeFigures(items, 'BOOLEAN')
  const [low, high] = interval
  expect(found.rates?.truePositive).toMatchObject({
    value: close(rate),
    interval: { low: close(low), high: close(high) },
  })
  expect(found.rates?.truePositive.count).toBe(yes.filter((one: boolean) => one).length)
  expect(found.kappa?.kappa).toBeCloseTo(kappa, 6)
  const twice = judgeFigures(
    items.map((item: object) => ({ ...item, weight: 7 })),
    'BOOLEAN',
  )
  const once = judgeFigures(
    items.map((item: object) => ({ ...item, weight: 1 })),
    'BOOLEAN',
  )
  expect(twice.kappa?.standardError).toBeCloseTo(once.kappa?.standardError as number, 9)
  expect(twice.agreement?.interval?.low).toBeCloseTo(once.agreement?.interval?.low as number, 9)
})

it('people agree two at a time, and all together', () => {
  const says = (author: string, value: number) => ({ author, value, label: null })
  const outputs = [
    [says('ann', 1), says('ben', 1), says('cat', 1)],
    [says('ann', 0), says('ben', 0)],
    [says('ann', 1), says('ben', 0)],
    [says('ben', 0), says('ann', 0)],
    [says('cat', 1)],
  ]
  const { alpha, pairs } = peopleFigures(outputs, 'BOOLEAN')
  expect(alpha.units).toBe(4)
  expect(pairs.map(({ first, second, items }) => [first, second, items])).toEqual([
    ['ann', 'ben', 4],
    ['ann', 'cat', 1],
    ['ben', 'cat', 1],
  ])
  // Three of four the same; by chance (2 · 1 + 2 · 3) / 16 = 0.5.
  expect(pairs[0]?.kappa?.kappa).toBeCloseTo((0.75 - 0.5) / 0.5, 9)
})
