import { binomialCdf } from './binomial.ts'
import { bisect } from './bisect.ts'
import { normalQuantile } from './normal.ts'
import type { MetricFigures } from './paired-comparison.ts'
import { studentQuantile } from './student-t.ts'

const power = 0.8

/**
 * The smallest true difference that these pairs would have shown with 80 % probability, if their spread is as observed:
 * (t₁₋α⁄₂ + t₀.₈) · s/√n, with normal quantiles for binary pairs. Of those it is at least the share of changes, all in one
 * direction, that is seen often enough for the exact test: k of n pairs with 2^(1 − k) ≤ α.
 *
 * @param level the p value that decides: 0.05, divided by the metric's multiplier
 * @returns in the metric's units; null when nothing could have been seen, or the spread is unknown
 */
export function detectableEffect(figures: MetricFigures, level: number): number | null {
  const { pairs, differenceStddev, method, clusters } = figures
  if (differenceStddev === null || method === null) return null
  const standardError = differenceStddev / Math.sqrt(pairs)
  if (method !== 'EXACT_MCNEMAR') {
    if (differenceStddev === 0) return null
    const freedom = (clusters?.count ?? pairs) - 1
    return (studentQuantile(1 - level / 2, freedom) + studentQuantile(power, freedom)) * standardError
  }
  const changes = Math.ceil(1 - Math.log2(level))
  if (pairs < changes) return null
  const fewest = bisect((share) => 1 - binomialCdf(changes - 1, pairs, share) < power, 0, 1)
  return Math.max(fewest, (normalQuantile(1 - level / 2) + normalQuantile(power)) * standardError)
}
