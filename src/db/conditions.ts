/** Conditions that the filters of several lists have in common; nothing for what is not asked for. */
import type { Json } from '../domain/json/json.ts'
import { containing } from './columns.ts'

/** Passes a value as a parameter of the statement. */
export type Parameter = (value: unknown) => string

export interface TimeRange {
  from?: Date | null
  /** The end, which does not belong to it. */
  before?: Date | null
}

/** The timestamp lies in the range. */
export function within(column: string, range: TimeRange | null | undefined, parameter: Parameter): string[] {
  const { from, before } = range ?? {}
  return [
    ...(from ? [`${column} >= ${parameter(from)}::timestamptz`] : []),
    ...(before ? [`${column} < ${parameter(before)}::timestamptz`] : []),
  ]
}

export interface NumberRange {
  min?: number | null
  max?: number | null
}

/** The number lies in the range, whose ends belong to it. */
export function between(column: string, range: NumberRange | null | undefined, parameter: Parameter): string[] {
  const { min, max } = range ?? {}
  return [
    ...(min == null ? [] : [`${column} >= ${parameter(min)}::float8`]),
    ...(max == null ? [] : [`${column} <= ${parameter(max)}::float8`]),
  ]
}

/** The JSON has everything that `part` has: its members, in any depth, and its elements, in any order. */
export function jsonContains(column: string, part: Json | undefined, parameter: Parameter): string[] {
  return part == null ? [] : [`${column} @> ${parameter(JSON.stringify(part))}::jsonb`]
}

/**
 * The text is anywhere in the texts of one of these JSON values, ignoring case.
 * @throws {InvalidInputError} when it is too long
 */
export function jsonMentions(columns: readonly string[], text: string, parameter: Parameter): string {
  // jsonb output escapes quotes, backslashes and control characters as JSON.stringify does.
  const pattern = parameter(containing(text, JSON.stringify(text).slice(1, -1)))
  return columns.map((column) => `${column}::text ILIKE ${pattern}`).join(' OR ')
}

/**
 * The text is anywhere in one of the columns, ignoring case.
 * @throws {InvalidInputError} when it is too long
 */
export function mentions(columns: readonly string[], text: string | null | undefined, parameter: Parameter): string[] {
  if (!text) return []
  const pattern = parameter(containing(text))
  return [`(${columns.map((column) => `${column} ILIKE ${pattern}`).join(' OR ')})`]
}
