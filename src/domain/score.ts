import * as z from 'zod'
import { InvalidInputError } from './errors.ts'
import type { Direction, Evaluation, FailurePolicy, ScoreDataType, ScoreRules } from './evaluation.ts'
import { excerptOf } from './excerpt.ts'
import { invalidInput, optional, parseInput, text } from './parse-input.ts'

/** A score as passed by a client, unchecked. */
export interface ScoreInput {
  /** Default: from the score's rules; otherwise CATEGORICAL with a label, NUMERIC with a value. */
  dataType?: ScoreDataType | null
  value?: number | null
  label?: string | null
}

/** The rules that values and labels are checked against. */
type ValueRules = Pick<ScoreRules, 'dataType' | 'min' | 'max' | 'categories'>

export interface ScoreValue {
  dataType: ScoreDataType
  value: number | null
  label: string | null
}

/** Sums and squares of values within ± this stay finite. */
export const maxScore = 1e100

/** Characters of the label of a CATEGORICAL score, which is a key of its counts. */
const maxCategory = 400

/** Characters of the name of a score. */
export const maxScoreName = 200

/**
 * 1–200 characters after trimming.
 * @param path the score's position in the caller's input
 * @throws {InvalidInputError}
 */
export function parseScoreName(name: string, path: readonly string[] = []): string {
  return parseInput(z.string().trim().min(1).max(maxScoreName), name, [...path, 'name'])
}

/**
 * @param path the score's position in the caller's input
 * @throws {InvalidInputError} when the value or label does not fit the data type or the rules
 */
export function parseScore(
  { dataType, value, label }: ScoreInput,
  rules: ValueRules | null,
  path: readonly string[] = [],
): ScoreValue {
  if (value == null && label == null) {
    throw new InvalidInputError('Expected a value or a label, got neither.', [...path, 'value'])
  }
  const type = rules?.dataType ?? dataType ?? (label == null ? 'NUMERIC' : 'CATEGORICAL')
  const isNumber = hasValue(type)
  const number = numberOf(type, rules)
  const text = labelOf(type, rules)
  const schema = z.strictObject({
    dataType: optional(z.literal(type), type),
    value: isNumber ? number : optional(number, null),
    label: isNumber ? optional(text, null) : text,
  })
  return parseInput(schema, { dataType, value, label }, path)
}

/** Whether scores of this type are numbers; the others are labels. */
export function hasValue(dataType: ScoreDataType): boolean {
  return dataType === 'NUMERIC' || dataType === 'BOOLEAN'
}

function numberOf(type: ScoreDataType, rules: ValueRules | null): z.ZodNumber {
  const [min, max] = [rules?.min ?? -maxScore, rules?.max ?? maxScore]
  const number = z.number().min(min).max(max)
  return type === 'BOOLEAN' ? number.refine((value) => value === 0 || value === 1, 'expected 0 or 1') : number
}

function labelOf(type: ScoreDataType, rules: ValueRules | null): z.ZodString {
  if (type !== 'CATEGORICAL') return z.string()
  const label = z.string().max(maxCategory)
  const categories = rules?.categories
  return categories
    ? label.refine((label) => categories.includes(label), `expected one of ${categories.join(', ')}`)
    : label
}

/** Whether it is a score; otherwise the evaluator did not apply to the item, and only says what it cost. */
export function isScore({ value, label }: Pick<Evaluation, 'value' | 'label'>): boolean {
  return value !== null || label !== null
}

/**
 * What an evaluator returned as its score has it: a boolean of a NUMERIC score is 1 or 0, and 1 or 0 of a BOOLEAN one a
 * boolean.
 * @throws {Error} saying what was expected and what came: another type, a value out of range, an unknown category
 */
export function fitEvaluation(evaluation: Evaluation, rules: ValueRules): Evaluation {
  const { name, value, label } = evaluation
  const { dataType, categories } = rules
  const isNumber = hasValue(dataType)
  if (isNumber ? value === null : label === null)
    throw misfit(isNumber ? numbers[dataType] : 'a text', evaluation, dataType)
  if (value !== null) {
    const [min, max] = [rules.min ?? -maxScore, rules.max ?? maxScore]
    if (dataType === 'BOOLEAN' && value !== 0 && value !== 1) throw misfit(numbers.BOOLEAN, evaluation, dataType)
    if (value < min || value > max) throw misfit(`a value from ${min} to ${max}`, evaluation, dataType)
  }
  if (dataType === 'CATEGORICAL' && label !== null) {
    if (label.length > maxCategory) {
      throw new Error(
        `Expected a label of at most ${maxCategory} characters for "${name}", which is CATEGORICAL, got ${label.length}.`,
      )
    }
    if (categories && !categories.includes(label)) {
      throw misfit(`one of ${categories.join(', ')}`, evaluation, dataType)
    }
  }
  return evaluation.dataType === dataType ? evaluation : { ...evaluation, dataType }
}

const numbers: Record<ScoreDataType, string> = {
  NUMERIC: 'a number',
  BOOLEAN: 'true or false',
  CATEGORICAL: 'a text',
  TEXT: 'a text',
}

function misfit(expected: string, { name, value, label, dataType }: Evaluation, wanted: ScoreDataType): Error {
  const got = label === null ? (dataType === 'BOOLEAN' ? String(value === 1) : String(value)) : excerptOf(label)
  return new Error(`Expected ${expected} for "${name}", which is ${wanted}, got ${got}.`)
}

/** The rules of a score as passed by a client, unchecked. */
export interface ScoreRulesInput {
  dataType: ScoreDataType
  direction: Direction
  min?: number | null
  max?: number | null
  categories?: readonly string[] | null
  failurePolicy?: FailurePolicy | null
}

const bound = optional(z.number().min(-maxScore).max(maxScore), null)
const category = text.min(1).max(maxCategory)

/**
 * Checks rules and fills in what follows from the data type: a BOOLEAN score is 0 or 1, and the worst value stands for
 * failures where nothing else is said.
 * @param path the rules' position in the caller's input
 * @throws {InvalidInputError} naming the member that does not fit the data type or the others
 */
export function parseScoreRules(input: ScoreRulesInput, path: readonly string[] = []): ScoreRules {
  const { dataType, direction } = input
  const at = (member: string) => [...path, member]
  const min = parseInput(bound, input.min, at('min'))
  const max = parseInput(bound, input.max, at('max'))
  const categories = parseInput(optional(z.array(category).min(1).max(100), null), input.categories, at('categories'))
  if (dataType !== 'NUMERIC') {
    for (const [member, value] of Object.entries({ min, max })) {
      if (value === null) continue
      throw invalidInput(at(member), `expected none for a ${dataType} score, which has no range to choose`, value)
    }
  }
  if (min !== null && max !== null && min >= max) throw invalidInput(at('max'), `expected more than min, ${min}`, max)
  if (categories !== null) {
    if (dataType !== 'CATEGORICAL') {
      throw invalidInput(at('categories'), `expected none for a ${dataType} score`, categories)
    }
    const twice = categories.find((label, index) => categories.indexOf(label) < index)
    if (twice !== undefined) throw invalidInput(at('categories'), 'expected different labels', twice)
  }
  if (!hasValue(dataType) && direction !== 'NONE') {
    throw invalidInput(at('direction'), `expected NONE for a ${dataType} score, whose labels have no order`, direction)
  }
  const failurePolicy = input.failurePolicy ?? (dataType === 'BOOLEAN' && direction !== 'NONE' ? 'WORST' : 'MISSING')
  const worst = direction === 'HIGHER_IS_BETTER' ? min : max
  if (failurePolicy === 'WORST' && dataType !== 'BOOLEAN' && (direction === 'NONE' || worst === null)) {
    const needed = direction === 'LOWER_IS_BETTER' ? 'a max' : 'a min'
    throw invalidInput(
      at('failurePolicy'),
      `expected MISSING or REFUSE for a score without a worst value (${direction === 'NONE' ? 'a direction' : needed} would give it one)`,
      failurePolicy,
    )
  }
  return { dataType, direction, min, max, categories, failurePolicy }
}

/** Where two rules of one score contradict each other; null where they do not. Null members leave a matter open. */
export function contradiction(
  given: ScoreRules,
  other: ScoreRules,
): { member: 'dataType' | 'direction' | 'min' | 'max' | 'categories'; given: unknown; other: unknown } | null {
  for (const member of ['dataType', 'direction'] as const) {
    if (given[member] !== other[member]) return { member, given: given[member], other: other[member] }
  }
  for (const member of ['min', 'max'] as const) {
    if (given[member] !== null && other[member] !== null && given[member] !== other[member]) {
      return { member, given: given[member], other: other[member] }
    }
  }
  const unknown = given.categories?.find((label) => other.categories && !other.categories.includes(label))
  return unknown === undefined ? null : { member: 'categories', given: unknown, other: other.categories }
}
