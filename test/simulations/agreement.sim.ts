/** Means of a judge that people correct keep their promise where those of the judge alone do not. */
import { expect, test } from 'vitest'
import { inverseProbabilityMean } from '../../src/domain/agreement/inverse-probability.ts'
import { predictionPoweredMean } from '../../src/domain/agreement/prediction-powered.ts'
import { roganGladen } from '../../src/domain/agreement/rogan-gladen.ts'
import { drawBalanced, drawSample, informationSizes } from '../../src/domain/review/draw.ts'
import type { Interval } from '../../src/domain/statistics/interval.ts'
import { z95 } from '../../src/domain/statistics/normal.ts'
import { stableMoments } from '../../src/domain/statistics/stable-moments.ts'
import { type Random, randomFrom } from './data.ts'

const replications = 20_000

interface Item {
  human: number
  judge: number
}

/** How often the intervals of the judge alone, and of both corrections, have the true mean. */
function coverage(
  seed: number,
  { items, labels, truth, draw }: { items: number; labels: number; truth: number; draw: (random: Random) => Item },
) {
  const random = randomFrom(seed)
  const covered = { naive: 0, powered: 0, corrected: 0 }
  const covers = (interval: Interval | undefined) =>
    Number(!!interval && interval.low <= truth && truth <= interval.high)
  for (let n = 0; n < replications; n += 1) {
    const all = Array.from({ length: items }, () => draw(random))
    const [labelled, rest] = [all.slice(0, labels), all.slice(labels).map(({ judge }) => judge)]
    const moments = stableMoments(rest)
    const unlabelled = { count: rest.length, mean: moments.mean, variance: moments.stddev ** 2 }
    const judged = all.map(({ judge }) => judge)
    const { mean, stddev } = stableMoments(judged)
    const half = (z95 * stddev) / Math.sqrt(items)
    covered.naive += covers({ low: mean - half, high: mean + half })
    covered.powered += covers(predictionPoweredMean(labelled, unlabelled)?.interval)
    const positive = labelled.filter(({ human }) => human === 1)
    const negative = labelled.filter(({ human }) => human === 0)
    const found = roganGladen({
      count: rest.length,
      positive: rest.filter((value) => value === 1).length,
      positiveLabels: positive.length,
      truePositive: positive.filter(({ judge }) => judge === 1).length,
      negativeLabels: negative.length,
      trueNegative: negative.filter(({ judge }) => judge === 0).length,
    })
    covered.corrected += covers(found?.interval)
  }
  return Object.fromEntries(Object.entries(covered).map(([name, count]) => [name, count / replications]))
}

const binary = (rate: number, sensitivity: number, specificity: number) => (random: Random) => {
  const human = random.chance(rate)
  return { human, judge: random.chance(human ? sensitivity : 1 - specificity) }
}

test.each([
  { rate: 0.3, sensitivity: 0.9, specificity: 0.75, items: 1_000, labels: 150 },
  { rate: 0.7, sensitivity: 0.75, specificity: 0.95, items: 500, labels: 100 },
  { rate: 0.5, sensitivity: 0.95, specificity: 0.75, items: 2_000, labels: 200 },
])('yes or no: $rate, by a judge of $sensitivity and $specificity', ({ rate, sensitivity, specificity, ...sizes }) => {
  const found = coverage(41, { ...sizes, truth: rate, draw: binary(rate, sensitivity, specificity) })
  console.log(JSON.stringify({ rate, sensitivity, specificity, ...sizes, ...found }))
  expect(found.naive).toBeLessThan(0.5)
  expect(Math.abs((found.powered ?? 0) - 0.95)).toBeLessThan(0.015)
  expect(Math.abs((found.corrected ?? 0) - 0.95)).toBeLessThan(0.015)
})

test.each([
  { bias: 0.1, noise: 0.1, items: 1_000, labels: 100 },
  { bias: -0.1, noise: 0.3, items: 500, labels: 60 },
  // Differences of two runs, of which the judge prefers the longer answers.
  { bias: 0.05, noise: 0.05, items: 400, labels: 80 },
])('numbers: a judge that is $bias too high', ({ bias, noise, ...sizes }) => {
  const draw = (random: Random) => {
    const human = 0.1 + 0.2 * random.gaussian()
    return { human, judge: human + bias + noise * random.gaussian() }
  }
  const found = coverage(42, { ...sizes, truth: 0.1, draw })
  console.log(JSON.stringify({ bias, noise, ...sizes, ...found }))
  expect(found.naive).toBeLessThan(0.5)
  expect(Math.abs((found.powered ?? 0) - 0.95)).toBeLessThan(0.015)
})

test.each(['balanced', 'informative'] as const)(
  'labels of a %s sample are weighted by their probabilities',
  (sample) => {
    const random = randomFrom(43)
    const [rate, items, labels] = [0.3, 600, 100]
    const covered = { weighted: 0, unweighted: 0 }
    const covers = (found: { interval: Interval } | null) =>
      Number(!!found && found.interval.low <= rate && rate <= found.interval.high)
    for (let n = 0; n < replications; n += 1) {
      const all = Array.from({ length: items }, (_, index) => {
        const human = random.chance(rate)
        const wrong = 0.02 + 0.4 * random()
        const judge = random.chance(wrong) ? 1 - human : human
        return { index, human, judge, random: random(), information: Math.sqrt(wrong * (1 - wrong)) }
      })
      const sizes = informationSizes(all.map(({ information }) => information))
      const drawn =
        sample === 'balanced'
          ? drawBalanced(all, labels, ({ judge }) => String(judge))
          : drawSample(all, labels, ({ index }) => sizes[index] ?? 0)
      const isDrawn = new Set(drawn.map(({ index }) => index))
      const rest = all.filter(({ index }) => !isDrawn.has(index)).map(({ judge }) => judge)
      const { mean, stddev } = stableMoments(rest)
      const unlabelled = { count: rest.length, mean, variance: stddev ** 2 }
      covered.weighted += covers(inverseProbabilityMean(drawn, unlabelled))
      const share = drawn.reduce((sum, { human }) => sum + human, 0) / labels
      const half = z95 * Math.sqrt((share * (1 - share)) / labels)
      covered.unweighted += covers({ interval: { low: share - half, high: share + half } })
    }
    const [weighted, unweighted] = [covered.weighted / replications, covered.unweighted / replications]
    console.log(JSON.stringify({ sample, rate, items, labels, weighted, unweighted }))
    expect(Math.abs(weighted - 0.95)).toBeLessThan(0.015)
    if (sample === 'balanced') expect(unweighted).toBeLessThan(0.9)
  },
)
