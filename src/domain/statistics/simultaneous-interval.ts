import type { Interval } from './interval.ts'
import { tangoInterval } from './mcnemar.ts'
import { normalQuantile } from './normal.ts'
import type { MetricFigures } from './paired-comparison.ts'
import type { PairedMoments } from './paired-moments.ts'
import { studentQuantile } from './student-t.ts'

/**
 * The interval of one of several differences from the same baseline, wide enough that all of them are right with 95 %
 * confidence, whatever they have in common (Bonferroni): Tango's score interval for yes/no scores of independent items,
 * else Student's t, of clusters where items belong together.
 *
 * @param of how many intervals it is one
 * @returns null without a spread
 */
export function simultaneousInterval(
  { delta, pairs }: Pick<MetricFigures, 'delta' | 'pairs'>,
  { binary, increased, decreased, stddev, clusters }: PairedMoments,
  of: number,
): Interval | null {
  const level = 0.05 / of
  if (delta === null) return null
  if (binary && !clusters) return tangoInterval(increased, decreased, pairs, -normalQuantile(level / 2))
  const standardError = clusters ? clusters.standardError : stddev / Math.sqrt(pairs)
  const freedom = clusters ? clusters.degreesOfFreedom : pairs - 1
  if (!(standardError > 0 && freedom > 0)) return null
  const half = studentQuantile(1 - level / 2, freedom) * standardError
  return { low: delta - half, high: delta + half }
}
