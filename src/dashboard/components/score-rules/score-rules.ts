/** The rules of scores as a form has them: type, direction, range or labels, and how missing ones count. */
import type { Direction, FailurePolicy, ScoreDataType } from '../../gql/graphql.ts'

export interface ScoreRulesDraft {
  dataType: ScoreDataType
  direction: Direction
  min: number | string
  max: number | string
  categories: string[]
  /** Null: the default of the type. */
  failurePolicy: FailurePolicy | null
}

export const newScoreRules: ScoreRulesDraft = {
  dataType: 'NUMERIC',
  direction: 'HIGHER_IS_BETTER',
  min: '',
  max: '',
  categories: [],
  failurePolicy: null,
}

interface ScoreRules {
  dataType: ScoreDataType
  direction: Direction
  min: number | null
  max: number | null
  categories: string[] | null
  failurePolicy: FailurePolicy
}

export function rulesDraft({ min, max, categories, ...rules }: ScoreRules): ScoreRulesDraft {
  return { ...rules, min: min ?? '', max: max ?? '', categories: categories ?? [] }
}

/** What does not belong to the type is null. */
export function rulesOf({ dataType, direction, min, max, categories, failurePolicy }: ScoreRulesDraft) {
  const bound = (value: number | string) => (dataType === 'NUMERIC' && typeof value === 'number' ? value : null)
  return {
    dataType,
    direction,
    min: bound(min),
    max: bound(max),
    categories: dataType === 'CATEGORICAL' && categories.length > 0 ? categories : null,
    failurePolicy,
  }
}

export const typeWords: Record<ScoreDataType, string> = {
  NUMERIC: 'a number',
  BOOLEAN: 'yes or no',
  CATEGORICAL: 'a category',
  TEXT: 'a text',
}

export const directionWords: Record<Direction, string> = {
  HIGHER_IS_BETTER: 'higher is better',
  LOWER_IS_BETTER: 'lower is better',
  NONE: 'neither is better',
}

export const policyWords: Record<FailurePolicy, string> = {
  MISSING: 'left out',
  WORST: 'count as the worst value',
  REFUSE: 'prevent a verdict',
}

/** `0 to 1`, `at least 0`; null without a bound. */
export function rangeOf({ min, max }: { min: number | null; max: number | null }): string | null {
  if (min !== null && max !== null) return `${min} to ${max}`
  if (min !== null) return `at least ${min}`
  return max === null ? null : `at most ${max}`
}
