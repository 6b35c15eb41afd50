/**
 * What items have in one run: the mean of their executions, and the range that it has where some executions lack a
 * value because they or their evaluators failed.
 */
import type { ScoreColumns } from '../../db/sql/comparison/load-run-columns.ts'
import type { LackingRule } from '../../domain/lacking-values.ts'

/** By position in a schedule. NaN where an item has no value, and for the range where it lacks none either. */
export interface ItemValues {
  /** Mean of the known values. */
  value: Float64Array
  lowest: Float64Array
  highest: Float64Array
  /** 1: it is certain that there was something to measure. */
  known: Uint8Array
}

/** What one execution has, or may have; NaN: nothing. */
export interface ValueRange {
  value: number
  lowest: number
  highest: number
  known: boolean
}

/**
 * @param executions their number
 * @param positionOf of an execution, from 0
 * @param of null: the execution has no value, and lacks none
 */
export function averageExecutions(
  items: number,
  executions: number,
  positionOf: (execution: number) => number,
  of: (execution: number) => ValueRange | null,
): ItemValues {
  const [value, lowest, highest] = [new Float64Array(items), new Float64Array(items), new Float64Array(items)]
  const [values, ranges, known] = [new Float64Array(items), new Float64Array(items), new Uint8Array(items)]
  for (let execution = 0; execution < executions; execution++) {
    const given = of(execution)
    if (!given) continue
    const item = positionOf(execution)
    if (given.known) known[item] = 1
    if (!Number.isNaN(given.value)) {
      value[item] = (value[item] as number) + given.value
      values[item] = (values[item] as number) + 1
    }
    if (!Number.isNaN(given.lowest)) {
      lowest[item] = (lowest[item] as number) + given.lowest
      highest[item] = (highest[item] as number) + given.highest
      ranges[item] = (ranges[item] as number) + 1
    }
  }
  // 0 / 0 is NaN.
  for (let item = 0; item < items; item++) {
    value[item] = (value[item] as number) / (values[item] as number)
    lowest[item] = (lowest[item] as number) / (ranges[item] as number)
    highest[item] = (highest[item] as number) / (ranges[item] as number)
  }
  return { value, lowest, highest, known }
}

/** Of a series, by its index, and an execution; NaN: its evaluator failed; null: it has no score. */
export type ScoreOf = (series: number, ordinal: number) => number | null

/**
 * A missing value without bounds is from 0 to 1 here: what it is is not known, only that it is lacking.
 * @param score as {@link ScoreOf} says
 */
export function scoreRange(score: number | null, failed: boolean, rule: LackingRule | undefined): ValueRange | null {
  if (score !== null && !Number.isNaN(score)) return { value: score, lowest: score, highest: score, known: true }
  if (!rule || (score === null && !failed)) return null
  const { value, applies } = rule
  if (score === null && value !== null) return { value, lowest: value, highest: value, known: applies }
  const range = { value: Number.NaN, lowest: rule.lowest ?? 0, highest: rule.highest ?? 1 }
  return { ...range, known: score !== null || applies }
}

/** @param columns entries of executions from `first` to `last` */
export function scoresByOrdinal(
  columns: ScoreColumns,
  series: number,
  { first, last }: { first: number; last: number },
): ScoreOf {
  const size = Math.max(0, last - first + 1)
  const scores = Array.from({ length: series }, () => ({
    sums: new Float64Array(size),
    counts: new Uint32Array(size),
    errors: new Uint8Array(size),
  }))
  for (let index = 0; index < columns.ordinals.length; index++) {
    const { sums, counts, errors } = scores[columns.series[index] as number] as (typeof scores)[number]
    const at = (columns.ordinals[index] as number) - first
    const value = columns.values[index] as number
    if (Number.isNaN(value)) errors[at] = 1
    else {
      // People and programs may score an execution more than once.
      sums[at] = (sums[at] as number) + value
      counts[at] = (counts[at] as number) + 1
    }
  }
  return (of, ordinal) => {
    const { sums, counts, errors } = scores[of] as (typeof scores)[number]
    const at = ordinal - first
    const count = counts[at] ?? 0
    if (count > 0) return (sums[at] as number) / count
    return errors[at] === 1 ? Number.NaN : null
  }
}
