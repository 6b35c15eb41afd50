import { InvalidInputError } from './errors.ts'
import type { Direction } from './evaluation.ts'
import { type Metric, type MetricInput, parseMetric } from './metric.ts'
import { conclude, type Verdict } from './statistics/conclusion.ts'
import { mirrored, type Sides } from './statistics/point-test.ts'

/**
 * What a comparison asks: whether a system is better on exactly these items, or on items like these, of which they are a
 * sample.
 */
export const questions = ['ON_THESE_ITEMS', 'ON_ITEMS_LIKE_THESE'] as const
export type Question = (typeof questions)[number]

/** The comparison that may end a run before its last item. */
export interface EarlyStop {
  baselineId: string
  /** A score with bounds, or failures. */
  metric: Metric
  /** How much worse the score may be and still count as not worse; 0 for no margin. */
  margin: number
  /** Absent in runs from before it could be asked: items like these. */
  question?: Question
}

/** An early-stop rule as passed by a client. */
export interface EarlyStopInput {
  baselineId: string
  metric: MetricInput
  /** Default: 0. */
  margin?: number | null
  /** Default: on these items. */
  question?: Question | null
}

/** @throws {InvalidInputError} for a margin below 0 and a metric that cannot be compared */
export function parseEarlyStop({ baselineId, metric, margin, question }: EarlyStopInput): Required<EarlyStop> {
  if (margin != null && !(margin >= 0 && Number.isFinite(margin))) {
    throw new InvalidInputError(`Expected a margin of 0 or more, got ${margin}.`, ['earlyStop', 'margin'])
  }
  return {
    baselineId,
    metric: parseMetric(metric, ['earlyStop', 'metric']),
    margin: margin ?? 0,
    question: question ?? 'ON_THESE_ITEMS',
  }
}

/** The question that a rule asks. */
export function questionOf({ question }: EarlyStop): Question {
  return question ?? 'ON_ITEMS_LIKE_THESE'
}

/**
 * What anytime-valid tests of 0 and of the margin have decided; INCONCLUSIVE when nothing, or without a direction.
 *
 * On items like these a difference is `IMPROVED` or `REGRESSED` when it is not 0; with a margin, `REGRESSED` only beyond
 * it. On these items both are beyond the margin.
 *
 * @param sides of the mean difference
 */
export function decideEarly(sides: Sides, direction: Direction, margin: number, question: Question): Verdict {
  if (direction === 'NONE') return 'INCONCLUSIVE'
  const { zero, plus, minus } = direction === 'HIGHER_IS_BETTER' ? sides : mirrored(sides)
  const hasMargin = margin > 0
  return conclude({
    better: (hasMargin && question === 'ON_THESE_ITEMS' ? plus : zero) === 'ABOVE',
    worse: (hasMargin ? minus : zero) === 'BELOW',
    notWorse: hasMargin && minus === 'ABOVE',
    notBetter: hasMargin && plus === 'BELOW',
  })
}
