/**
 * The mean of what people would say, from a judge's scores of all items and people's labels of some: prediction-powered
 * inference with the power tuning of PPI++ (Angelopoulos, Duchi and Zrnic, 2023). However bad the judge is, the interval
 * keeps its promise; the better it is, the narrower it is. For paired differences, all values are differences of an item.
 */
import { studentQuantile } from '../statistics/student-t.ts'
import type { CorrectedMean } from './corrected-mean.ts'

export interface Labelled {
  human: number
  judge: number
  /** Inverse of the probability with which it was chosen to be labelled, up to a common factor; default 1. */
  weight?: number
}

/** Of the judge's scores of the items that nobody labelled. */
export interface Unlabelled {
  count: number
  /** Null without any. */
  mean: number | null
  /** Their mean squared deviation from the mean; null without any. */
  variance: number | null
}

export interface PredictionPowered extends CorrectedMean {
  /** How much the judge's scores count, 0–1. */
  lambda: number
  labelled: number
  unlabelled: number
  /** How many labels without a judge would give an interval as narrow. */
  effectiveLabels: number
}

/**
 * @param tuning how much the judge's scores count; default: as makes the interval narrowest
 * @returns null with fewer than two labels
 */
export function predictionPoweredMean(
  labelled: readonly Labelled[],
  { count, mean, variance }: Unlabelled,
  tuning: number | null = null,
): PredictionPowered | null {
  const n = labelled.length
  if (n < 2) return null
  const total = labelled.reduce((sum, { weight = 1 }) => sum + weight, 0)
  const weights = labelled.map(({ weight = 1 }) => (weight / total) * n)
  const rest = { count, mean: mean ?? 0, variance: variance ?? 0 }
  const lambda = count === 0 ? 0 : (tuning ?? tune(labelled, weights, rest))
  const rectified = labelled.map(({ human, judge }, index) => (weights[index] ?? 1) * (human - lambda * judge))
  const ofRest = count === 0 ? 0 : (lambda ** 2 * rest.variance) / count
  const squared = ofRest + varianceOf(rectified) / n
  const corrected = lambda * rest.mean + meanOf(rectified)
  const standardError = Math.sqrt(squared)
  const half = studentQuantile(0.975, n - 1) * standardError * Math.sqrt(n / (n - 1))
  const alone = varianceOf(labelled.map(({ human }, index) => (weights[index] ?? 1) * human))
  return {
    mean: corrected,
    standardError,
    interval: { low: corrected - half, high: corrected + half },
    lambda,
    ...{ labelled: n, unlabelled: count },
    effectiveLabels: squared > 0 ? Math.max(n, alone / squared) : n + count,
  }
}

/** The share of the judge that makes the variance of the mean least. */
function tune(
  labelled: readonly Labelled[],
  weights: readonly number[],
  rest: { count: number; mean: number; variance: number },
): number {
  const n = labelled.length
  const first = rest.mean + meanOf(labelled.map(({ human, judge }, index) => (weights[index] ?? 1) * (human - judge)))
  const humans = labelled.map(({ human }, index) => (weights[index] ?? 1) * (human - first))
  const judges = labelled.map(({ judge }, index) => (weights[index] ?? 1) * (judge - first))
  const [meanHuman, meanJudge] = [meanOf(humans), meanOf(judges)]
  const covariance = meanOf(humans.map((human, index) => (human - meanHuman) * ((judges[index] ?? 0) - meanJudge)))
  // The judge's scores of all items, by the moments of both parts.
  const apart = meanJudge - (rest.mean - first)
  const squares =
    n * varianceOf(judges) + rest.count * rest.variance + ((n * rest.count) / (n + rest.count)) * apart ** 2
  const spread = squares / (n + rest.count - 1)
  return spread === 0 ? 0 : Math.min(1, Math.max(0, covariance / ((1 + n / rest.count) * spread)))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}
