/**
 * Failures are data: what an execution counts as in a series in which it lacks a value, because it failed or because its
 * evaluator did. What was not executed, not sampled or does not apply lacks nothing.
 */
import type { Direction, FailurePolicy } from './evaluation.ts'
import type { SeriesKey } from './score-series.ts'

/** The rule of one series in one run. */
export interface LackingRule extends SeriesKey {
  runId: string
  /** What a failed execution counts as; null: its value is missing. */
  value: number | null
  /** The range of a missing value; null: unbounded. */
  lowest: number | null
  highest: number | null
  /** The evaluator scored every other execution, so that it would have scored a failed one. */
  applies: boolean
}

/** The value that failures count as; null where they are missing. */
export function failureValue(
  policy: FailurePolicy,
  direction: Direction,
  { lowest, highest }: { lowest: number | null; highest: number | null },
): number | null {
  if (policy !== 'WORST' || direction === 'NONE') return null
  return direction === 'HIGHER_IS_BETTER' ? lowest : highest
}
