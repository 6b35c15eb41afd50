import { InvalidInputError } from './errors.ts'
import type { Direction } from './evaluation.ts'
import { type ComparableMetric, type MetricInput, parseComparableMetric } from './metric.ts'
import type { Interval } from './statistics/interval.ts'
import type { Verdict } from './statistics/verdict.ts'

/** The comparison that may end a run before its last item. */
export interface EarlyStop {
  baselineId: string
  /** A score with bounds. */
  metric: ComparableMetric
  /** How much worse the score may be and still count as not worse; 0 for no margin. */
  margin: number
}

/** An early-stop rule as passed by a client. */
export interface EarlyStopInput {
  baselineId: string
  metric: MetricInput
  /** Default: 0. */
  margin?: number | null
}

/** @throws {InvalidInputError} for a margin below 0 and a metric that cannot be compared */
export function parseEarlyStop({ baselineId, metric, margin }: EarlyStopInput): EarlyStop {
  if (margin != null && !(margin >= 0 && Number.isFinite(margin))) {
    throw new InvalidInputError(`Expected a margin of 0 or more, got ${margin}.`, ['earlyStop', 'margin'])
  }
  return { baselineId, metric: parseComparableMetric(metric, ['earlyStop', 'metric']), margin: margin ?? 0 }
}

/**
 * What an anytime-valid interval has decided: `IMPROVED` or `REGRESSED` when it excludes 0, `NOT_WORSE` when it
 * excludes a loss of the margin. With a margin, `REGRESSED` only when it excludes everything within the margin. Null
 * when nothing is decided or there is no interval.
 */
export function decideEarly(interval: Interval | null, direction: Direction, margin: number): Verdict | null {
  if (interval === null || direction === 'NONE') return null
  const { low, high } = interval
  const [worst, best] = direction === 'HIGHER_IS_BETTER' ? [low, high] : [-high, -low]
  if (worst > 0) return 'IMPROVED'
  if (margin > 0 && worst > -margin) return 'NOT_WORSE'
  return best < -margin ? 'REGRESSED' : null
}
