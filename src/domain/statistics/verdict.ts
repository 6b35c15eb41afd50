import { holm } from './holm.ts'
import type { MetricFigures } from './paired-comparison.ts'
import { pairsNeeded } from './pairs-needed.ts'

export type Verdict = 'IMPROVED' | 'REGRESSED' | 'NOT_WORSE' | 'INCONCLUSIVE'

export interface MetricToDecide {
  readonly figures: MetricFigures
  /** How much worse, in the metric's units, still counts as not worse; 0 for no margin. */
  readonly margin: number
}

interface Decision {
  /** Holm-adjusted over the family; null when the metric has no p value. */
  readonly adjustedPValue: number | null
  readonly verdict: Verdict
  /** For `INCONCLUSIVE` only: how many more pairs would probably decide it, if that can be estimated. */
  readonly pairsNeeded: number | null
}

const significanceLevel = 0.05

/**
 * Decides a family of metrics, which is everything that one comparison shows over all its candidates. In this order:
 *
 * 1. `NOT_WORSE` if there is a margin and the candidate is worse by at most that: the whole 95 % interval lies on the
 *    good side of the margin, or no pair changed at all; unless rule 2 says `IMPROVED`.
 * 2. `IMPROVED` or `REGRESSED` if the Holm-adjusted p value is ≤ 0.05.
 * 3. `INCONCLUSIVE`. Also every metric of direction `NONE`.
 *
 * @returns one decision per metric, in input order.
 * @throws RangeError for a margin that is negative or not finite.
 */
export function decideVerdicts(metrics: readonly MetricToDecide[]): Decision[] {
  const tested = metrics.flatMap(({ figures }, index) =>
    figures.pValue === null ? [] : [{ index, pValue: figures.pValue }],
  )
  const adjustments = holm(tested.map(({ pValue }) => pValue))
  const byIndex = new Map(tested.map(({ index }, rank) => [index, adjustments[rank]]))
  return metrics.map(({ figures, margin }, index) => {
    if (!(margin >= 0 && margin < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected a margin >= 0 in the metric's units, got ${margin}; use 0 for none.`)
    }
    const adjustment = byIndex.get(index)
    const verdict = decide(figures, margin, adjustment?.adjusted ?? 1)
    return {
      adjustedPValue: adjustment?.adjusted ?? null,
      verdict,
      pairsNeeded:
        verdict === 'INCONCLUSIVE'
          ? pairsNeeded(figures, margin, significanceLevel / (adjustment?.multiplier ?? 1))
          : null,
    }
  })
}

function decide(figures: MetricFigures, margin: number, adjustedPValue: number): Verdict {
  const { delta, direction } = figures
  if (delta === null || direction === 'NONE') return 'INCONCLUSIVE'
  const significant = adjustedPValue <= significanceLevel && delta !== 0
  const better = direction === 'HIGHER_IS_BETTER' ? delta > 0 : delta < 0
  if (significant && better) return 'IMPROVED'
  if (margin > 0 && withinMargin(figures, margin)) return 'NOT_WORSE'
  return significant ? 'REGRESSED' : 'INCONCLUSIVE'
}

function withinMargin({ direction, interval, pairs, unchanged }: MetricFigures, margin: number): boolean {
  if (unchanged === pairs) return true
  if (interval === null) return false
  return direction === 'HIGHER_IS_BETTER' ? interval.low > -margin : interval.high < margin
}
