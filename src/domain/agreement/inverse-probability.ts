/**
 * The mean of what people would say, from a judge's scores of all items and labels of some that were drawn with unequal
 * probabilities: the judge's mean, corrected by its error on the labelled items, each of which stands for the inverse of its
 * probability. It is the difference estimator of two-phase sampling with Hájek's weights (Särndal, Swensson and Wretman,
 * 1992, 9.3), with the power tuning of PPI++, which makes it "active statistical inference" (Zrnic and Candès, 2024).
 */
import { studentQuantile } from '../statistics/student-t.ts'
import type { PredictionPowered, Unlabelled } from './prediction-powered.ts'
import { effectiveCount, weightedError, weightedMean } from './weights.ts'

export interface DrawnLabel {
  human: number
  judge: number
  /** With which the item came to be labelled, up to a common factor. */
  probability: number
}

/**
 * @param unlabelled the judge's scores of all other items
 * @param tuning how much the judge's scores count; default: as makes the interval narrowest
 * @returns null with fewer than two labels
 */
export function inverseProbabilityMean(
  labelled: readonly DrawnLabel[],
  { count, mean, variance }: Unlabelled,
  tuning: number | null = null,
): PredictionPowered | null {
  const n = labelled.length
  if (n < 2) return null
  const all = n + count
  const weights = labelled.map(({ probability }) => 1 / probability)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  // How many items each stands for, all in sum.
  const stands = weights.map((weight) => (weight / total) * all)
  const humans = labelled.map(({ human }) => human)
  const judges = labelled.map(({ judge }) => judge)
  const [human, judge] = [weightedMean(humans, weights), weightedMean(judges, weights)]
  const rest = mean ?? 0
  const judgeOfAll = (judges.reduce((sum, value) => sum + value, 0) + rest * count) / all
  // An item's part of the estimate is a + λ b, and of one without a label a is the mean of people: it deviates by nothing.
  const a = humans.map((value, index) => (value - human) * (stands[index] ?? 0))
  const b = judges.map((value, index) => (value - judge) * (1 - (stands[index] ?? 0)) - (judgeOfAll - judge))
  const restSquares = count * ((variance ?? 0) + (rest - judgeOfAll) ** 2)
  const products = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  const squaresB = b.reduce((sum, value) => sum + value * value, restSquares)
  const squaresA = a.reduce((sum, value) => sum + value * value, 0)
  const best = squaresB === 0 ? 0 : Math.min(1, Math.max(0, -products / squaresB))
  const lambda = count === 0 ? 0 : (tuning ?? best)
  const squares = squaresA + 2 * lambda * products + lambda ** 2 * squaresB
  const standardError = Math.sqrt(squares) / all
  const corrected = lambda * judgeOfAll + human - lambda * judge
  const degrees = Math.max(1, Math.min(n, effectiveCount(weights)) - 1)
  const half = studentQuantile(0.975, degrees) * standardError * Math.sqrt(n / (n - 1))
  const alone = weightedError(humans, weights) * Math.sqrt((n - 1) / n)
  return {
    mean: corrected,
    standardError,
    interval: { low: corrected - half, high: corrected + half },
    lambda,
    ...{ labelled: n, unlabelled: count },
    effectiveLabels: squares > 0 ? Math.max(n, (n * alone ** 2) / standardError ** 2) : all,
  }
}
