import { conclude, oriented, type Shown, type Verdict } from './conclusion.ts'
import { detectableEffect } from './detectable-effect.ts'
import { adjustFamily, type Procedure } from './family.ts'
import type { AdjustedPValue } from './holm.ts'
import type { Interval } from './interval.ts'
import type { MetricFigures } from './paired-comparison.ts'
import { type PairsNeededRange, pairsNeeded, pairsNeededRange } from './pairs-needed.ts'

/** Why a verdict is INCONCLUSIVE. */
export type InconclusiveReason =
  | 'NO_DIRECTION'
  | 'NO_PAIRS'
  | 'NOT_ASKED'
  | 'NOT_FINISHED'
  | 'STOPPED_EARLY'
  | 'MISSING_VALUES'
  | 'OTHER_METRICS'
  | 'TOO_FEW_PAIRS'
  | 'SPANS_ZERO'

export interface MetricToDecide {
  readonly figures: MetricFigures
  /** How much worse, in the metric's units, still counts as not worse; 0 for no margin. */
  readonly margin: number
  /** Whether a verdict is wanted; default: yes. Without one a metric takes nothing from the others. */
  readonly asked?: boolean
  /** No verdict while a value is lacking; default: no. */
  readonly refusesLacking?: boolean
  /** Position among the primary metrics, from 0, and its weight; default: not primary. */
  readonly primary?: { readonly rank: number; readonly weight: number } | null
}

export interface Decision {
  /**
   * Adjusted over the family, and covering what is lacking; null when the metric has no p value, or no verdict is
   * wanted.
   */
  readonly adjustedPValue: number | null
  readonly verdict: Verdict
  /** For `INCONCLUSIVE` only. */
  readonly reason: InconclusiveReason | null
  /** For `INCONCLUSIVE` only: how many more pairs would probably decide it, if that can be estimated. */
  readonly pairsNeeded: number | null
  /** How far that may be off. */
  readonly pairsNeededRange: PairsNeededRange | null
  /** With how many tests, this one included, it shares the error of 5 %; null where there is no test. */
  readonly familySize: number | null
  /** For `INCONCLUSIVE` only: the smallest true difference that these pairs would have shown with 80 % probability. */
  readonly detectable: number | null
}

const significanceLevel = 0.05

/**
 * Decides the metrics that one comparison shows over all its candidates. In this order:
 *
 * 1. `IMPROVED` if the adjusted p value is ≤ 0.05 and the delta is better.
 * 2. `EQUIVALENT` if there is a margin and the whole 95 % interval lies within it on both sides, `NOT_WORSE` if it lies on
 *    the good side of a loss of the margin.
 * 3. `REGRESSED` if the adjusted p value is ≤ 0.05 and the delta is worse.
 * 4. `INCONCLUSIVE`. Also every metric of direction `NONE`.
 *
 * p values and intervals are those that hold whatever the lacking values are. The family is what can have a verdict: not a
 * metric without a direction or a wish for one, nor one of which so few pairs changed that no p value could be small.
 *
 * @returns one decision per metric, in input order.
 * @throws RangeError for a margin that is negative or not finite.
 */
export function decideVerdicts(
  metrics: readonly MetricToDecide[],
  procedure: Procedure = 'FIXED_SEQUENCE',
): Decision[] {
  const tested = metrics.flatMap((metric, index) => {
    const pValue = metric.figures.robust.pValue
    return pValue === null || !canBeShown(metric) ? [] : [{ index, pValue, primary: metric.primary ?? null }]
  })
  const adjustments = adjustFamily(tested, procedure)
  const byIndex = new Map(tested.map(({ index }, rank) => [index, adjustments[rank]]))
  return metrics.map((metric, index) => {
    const { margin } = metric
    if (!(margin >= 0 && margin < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Expected a margin >= 0 in the metric's units, got ${margin}; use 0 for none.`)
    }
    const isPrimary = (metric.primary ?? null) !== null
    const family = tested.filter(({ primary }) => (primary !== null) === isPrimary).length
    const familySize = byIndex.has(index) ? family : null
    return { ...decide(metric, byIndex.get(index) ?? null), familySize }
  })
}

function isAsked({ figures, asked = true }: MetricToDecide): boolean {
  return asked && figures.direction !== 'NONE' && figures.delta !== null
}

/** The fewest pairs that changed in one direction only for which the exact sign test is ≤ 0.05. */
const fewestChanges = 6

/** Tarone, Biometrics 46 (1990): a discrete test that cannot be significant makes no error, and needs no correction. */
function canBeShown(metric: MetricToDecide): boolean {
  const { improved, regressed, method } = metric.figures
  return (
    isAsked(metric) && (method === 'STUDENT_T' || method === 'CLUSTERED_T' || improved + regressed >= fewestChanges)
  )
}

function decide(metric: MetricToDecide, adjustment: AdjustedPValue | null): Omit<Decision, 'familySize'> {
  const { figures, margin, refusesLacking = false } = metric
  const { pairs, lacking, pValue, robust } = figures
  const adjusted = adjustment?.adjusted ?? 1
  const refused = refusesLacking && lacking > 0
  const shown = isAsked(metric) && !refused ? shownBy(figures, robust.interval, adjusted, margin) : nothing
  const verdict = conclude(shown)
  const adjustedPValue = isAsked(metric) ? (adjustment?.adjusted ?? robust.pValue) : null
  if (verdict !== 'INCONCLUSIVE') {
    return { adjustedPValue, verdict, reason: null, pairsNeeded: null, pairsNeededRange: null, detectable: null }
  }
  const multiplier = adjustment?.multiplier ?? 1
  const level = significanceLevel / multiplier
  const asObserved = shownBy(figures, figures.interval, Math.min(1, multiplier * (pValue ?? 1)), margin)
  const reason = (): InconclusiveReason => {
    if (figures.direction === 'NONE') return 'NO_DIRECTION'
    if (pairs === 0) return 'NO_PAIRS'
    if (!isAsked(metric)) return 'NOT_ASKED'
    if (refused || (conclude(asObserved) !== 'INCONCLUSIVE' && lacks(figures))) return 'MISSING_VALUES'
    if (robust.pValue !== null && robust.pValue <= significanceLevel) return 'OTHER_METRICS'
    const units = figures.clusters?.count ?? pairs
    const fewest = figures.method === 'STUDENT_T' || figures.method === 'CLUSTERED_T' ? 2 : fewestChanges
    return units < fewest ? 'TOO_FEW_PAIRS' : 'SPANS_ZERO'
  }
  const because = reason()
  // More pairs of a metric that only has to wait for the ones before it would change nothing.
  const waits = because === 'OTHER_METRICS' && robust.pValue !== null && robust.pValue <= level
  const estimates = isAsked(metric) && because !== 'MISSING_VALUES' && !waits
  return {
    adjustedPValue,
    verdict,
    reason: because,
    pairsNeeded: estimates ? pairsNeeded(figures, margin, level) : null,
    pairsNeededRange: estimates ? pairsNeededRange(figures, margin, level) : null,
    detectable: isAsked(metric) ? detectableEffect(figures, level) : null,
  }
}

const nothing: Shown = { better: false, worse: false, notWorse: false, notBetter: false }

function lacks({ bounds }: MetricFigures): boolean {
  return bounds === null || bounds.low !== bounds.high
}

function shownBy(
  { delta, direction }: MetricFigures,
  interval: Interval | null,
  adjustedPValue: number,
  margin: number,
): Shown {
  const significant = adjustedPValue <= significanceLevel && delta !== null && delta !== 0
  const better = direction === 'HIGHER_IS_BETTER' ? (delta ?? 0) > 0 : (delta ?? 0) < 0
  const range = margin > 0 && interval !== null ? oriented(interval, direction) : null
  return {
    better: significant && better,
    worse: significant && !better,
    notWorse: range !== null && range.low > -margin,
    notBetter: range !== null && range.high < margin,
  }
}
