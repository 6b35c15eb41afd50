import * as z from 'zod'
import { InvalidInputError } from './errors.ts'
import type { ScoreDataType } from './evaluation.ts'
import { optional, parseInput } from './parse-input.ts'

/** A score as passed by a client, unchecked. */
export interface ScoreInput {
  /** Default: from the score's configuration; otherwise CATEGORICAL with a label, NUMERIC with a value. */
  dataType?: ScoreDataType | null
  value?: number | null
  label?: string | null
}

/** The configuration of a score: its data type, range and categories. */
export interface ScoreRules {
  dataType: ScoreDataType
  min: number | null
  max: number | null
  /** An array of strings; anything else allows every label. */
  categories: unknown
}

export interface ScoreValue {
  dataType: ScoreDataType
  value: number | null
  label: string | null
}

/**
 * 1–200 characters after trimming.
 * @param path the score's position in the caller's input
 * @throws {InvalidInputError}
 */
export function parseScoreName(name: string, path: readonly string[] = []): string {
  return parseInput(z.string().trim().min(1).max(200), name, [...path, 'name'])
}

/**
 * @param path the score's position in the caller's input
 * @throws {InvalidInputError} when the value or label does not fit the data type or the configuration
 */
export function parseScore(
  { dataType, value, label }: ScoreInput,
  rules: ScoreRules | null,
  path: readonly string[] = [],
): ScoreValue {
  if (value == null && label == null) {
    throw new InvalidInputError('Expected a value or a label, got neither.', [...path, 'value'])
  }
  const type = rules?.dataType ?? dataType ?? (label == null ? 'NUMERIC' : 'CATEGORICAL')
  const isNumber = type === 'NUMERIC' || type === 'BOOLEAN'
  const number = numberOf(type, rules)
  const text = labelOf(type, rules)
  const schema = z.strictObject({
    dataType: optional(z.literal(type), type),
    value: isNumber ? number : optional(number, null),
    label: isNumber ? optional(text, null) : text,
  })
  return parseInput(schema, { dataType, value, label }, path)
}

function numberOf(type: ScoreDataType, rules: ScoreRules | null): z.ZodNumber {
  let number = z.number()
  if (rules?.min != null) number = number.min(rules.min)
  if (rules?.max != null) number = number.max(rules.max)
  return type === 'BOOLEAN' ? number.refine((value) => value === 0 || value === 1, 'expected 0 or 1') : number
}

function labelOf(type: ScoreDataType, rules: ScoreRules | null): z.ZodString {
  const categories = rules?.categories
  if (type !== 'CATEGORICAL' || !Array.isArray(categories)) return z.string()
  return z.string().refine((label) => categories.includes(label), `expected one of ${categories.join(', ')}`)
}
